// Escape takes away the source that a citation shows, until the mouse or the focus comes anew.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const link of document.querySelectorAll("a.cited:is(:hover, :focus-visible)"))
    link.classList.add("dismissed");
});
for (const link of document.querySelectorAll("a.cited"))
  for (const leaves of ["blur", "mouseleave"])
    link.addEventListener(leaves, () => link.classList.remove("dismissed"));
