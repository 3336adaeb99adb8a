// Hide what follows a prediction until the reader has made it. What they chose is not kept.
const score = document.querySelector(".hits"); // of a page that is a game
let made = 0, hits = 0;
for (const box of document.querySelectorAll("blockquote.predict")) {
  const answer = document.createElement("div");
  const end = "section:has(> h2), blockquote.predict";
  for (let next; (next = box.nextElementSibling) && !next.matches(end);) answer.append(next);
  if (!answer.childElementCount) continue;
  answer.className = "answer";
  answer.hidden = true;
  answer.hidden = "until-found"; // a browser that knows it finds words in it, and opens it
  box.after(answer);

  const choices = [...box.querySelectorAll("li")];
  const copy = (button) => {
    const words = document.createElement("strong");
    words.append(...[...button.childNodes].map((node) => node.cloneNode(true)));
    return words;
  };
  const offer = (place, words) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "choice";
    button.append(...words);
    button.addEventListener("click", () => {
      button.classList.add("chosen");
      show(button);
    });
    place.replaceChildren(button);
    return button;
  };
  const show = (chosen) => {
    answer.hidden = false;
    box.classList.add("made");
    box.querySelectorAll(".choice").forEach((button) => (button.disabled = true));
    if (chosen === null) return;
    const words = document.createElement("p");
    words.className = "said";
    words.tabIndex = -1;
    const right = box.querySelector(".right > .choice");
    made += 1;
    hits += chosen === right;
    if (!choices.length) words.append("What happens:");
    else if (chosen === right) words.append("You said: ", copy(chosen), ". Right.");
    else if (chosen === withoutChoice) words.append("It is: ", copy(right), ".");
    else words.append("You said: ", copy(chosen), ". It is: ", copy(right), ".");
    if (score) {
      score.textContent = `${hits} of ${made} right.`;
      words.append(` So far: ${score.textContent}`);
    }
    answer.prepend(words);
    words.focus(); // a screen reader goes on from here
  };
  for (const choice of choices) offer(choice, (choice.querySelector(":scope > p") ?? choice).childNodes);
  const last = choices.length ? ["li", choices[0].parentElement] : ["p", box.firstElementChild];
  const withoutChoice = offer(last[1].appendChild(document.createElement(last[0])), [
    choices.length ? "Show me" : "I have an answer: show what happens",
  ]);
  withoutChoice.classList.add("without-choice");
  answer.addEventListener("beforematch", () => show(null));
  // A link into the answer opens it.
  const linked = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && answer.contains(target)) {
      show(null);
      target.scrollIntoView();
    }
  };
  linked();
  addEventListener("hashchange", linked);
}
