// The search of one page: its sections that answer are put under the field, whole, best first. What
// stands below is out of sight until the field is empty, or a link leads there.
const Here = (() => {
  const MANY = 8;
  const LEAST = 0.5; // of what the best one answers: a filter that keeps all is none

  const under = (form) => {
    if (form.nextElementSibling.className === "here") return;
    const [field, said] = [form.querySelector("input"), form.querySelector("[role=status]")];
    const parts = [...form.parentElement.children];
    const below = parts.slice(parts.indexOf(form) + 1);
    const sections = below.map((part) => [...part.children].filter((child) => child.id));
    const byAnchor = new Map(sections.flat().map((section) => [section.id, section]));
    const element = (tag, properties) => Object.assign(document.createElement(tag), properties);
    const shown = element("div", { className: "here" });
    const heading = element("h2", { className: "visually-hidden", textContent: "What answers it" });
    form.after(shown);

    const best = (typed) => {
      const here = Results.find(typed).filter(
        ({ section }) => section.address === form.dataset.page && byAnchor.has(section.anchor),
      );
      const isNear = ({ share }) => share >= Math.max(Results.LEAST, LEAST * here[0].share);
      return here.filter(isNear).slice(0, MANY);
    };
    const update = () => {
      const isAsked = field.value.trim() !== "";
      const hits = isAsked ? best(field.value) : [];
      const found = hits.map(({ section }) => byAnchor.get(section.anchor));
      below.forEach((part, i) => {
        part.append(...sections[i]);
        part.hidden = found.length > 0;
      });
      shown.replaceChildren(...(found.length ? [heading, ...found] : []));
      const count = `${found.length || "None"} of ${byAnchor.size} questions`;
      said.textContent = isAsked ? `${count}; Enter searches the whole book` : "";
    };
    field.addEventListener("input", update);
    addEventListener("click", ({ target }) => {
      if (!target.closest("a[href^='#']")) return;
      field.value = "";
      update();
    });
    update();
  };

  return { under };
})();
