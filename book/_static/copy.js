// To copy, the button's library takes the focus to a hidden field, and leaves it nowhere.
document.addEventListener("click", (event) => event.target.closest(".copybtn")?.focus());
