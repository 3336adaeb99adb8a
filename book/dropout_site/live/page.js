// The buttons of live cells, their editors and what comes out of them.
"use strict";

(() => {
  const script = document.currentScript;
  const settings = JSON.parse(script.dataset.live);
  const base = new URL(".", script.src);
  const home = new URL("..", base);
  settings.site = base.href;
  settings.runtime = new URL(settings.runtime.replace(/\/?$/, "/"), home).href;

  let worker = null;
  let running = null; // the cell
  let past = []; // what Python has run: label and source of each

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  class Cell {
    constructor(element, index) {
      this.element = element;
      this.label = String(index + 1);
      // Its own: a cell that is a fold and nothing else lies in the next one's fold.
      const own = (selector) => [...element.querySelectorAll(selector)].find((e) => e.closest(".cell") === element);
      this.input = own(".cell_input");
      this.stored = own(".cell_output");
      this.shown = this.input.querySelector("div.highlight");
      this.original = this.shown.querySelector("pre").textContent.replace(/\n$/, "");
      this.alt = this.stored?.querySelector("svg[role=img]")?.getAttribute("aria-label") ?? "";

      this.button = make("button", { type: "button", className: "live-run" }, "Run live");
      this.back = make("button", { type: "button", className: "live-reset", hidden: true }, "Reset");
      this.status = make("span", { className: "live-status" });
      this.status.setAttribute("role", "status");
      this.input.after(
        make("div", { className: "live-bar" }, this.button, this.back, this.status),
      );
      // A second click of a double click must not stop what the first has started.
      this.button.addEventListener("click", (e) => e.detail > 1 || this.press());
      this.back.addEventListener("click", () => this.reset());
    }

    get source() {
      return this.editor ? this.editor.value : this.original;
    }

    /** Put an editor in place of the code, and room for the output in place of the stored one. */
    open() {
      if (this.editor) return;
      this.editor = make("textarea", {
        className: "live-editor", value: this.original, spellcheck: false,
        autocapitalize: "off", autocomplete: "off", wrap: "off",
      });
      this.editor.setAttribute("aria-label", "Code of this cell; Control+Enter runs it");
      this.editor.setAttribute("autocorrect", "off");
      const fit = () => (this.editor.rows = this.editor.value.split("\n").length);
      fit();
      this.editor.addEventListener("input", fit);
      this.editor.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.isComposing) return;
        event.preventDefault();
        if (event.ctrlKey || event.metaKey || event.shiftKey) {
          if (!running) this.press();
        } else {
          // Not by `value`, which would take away what can be undone.
          document.execCommand("insertText", false, `\n${this.indentation()}`);
        }
      });
      this.output = make("div", { className: "cell_output live-output", hidden: true });
      if (this.stored) this.stored.before(this.output);
      else if (this.element.matches(".tag_hide-cell")) this.input.parentElement.append(this.output);
      else this.element.append(this.output);
      this.shown.hidden = true;
      this.shown.after(this.editor);
      this.back.hidden = false;
    }

    /** That of the line with the cursor. */
    indentation() {
      const before = this.editor.value.slice(0, this.editor.selectionStart);
      return /[ \t]*/.exec(before.slice(before.lastIndexOf("\n") + 1))[0];
    }

    reset() {
      if (running === this) stop("");
      this.editor?.remove();
      this.output?.remove();
      this.editor = this.output = null;
      this.shown.hidden = false;
      if (this.stored) this.stored.hidden = false;
      this.back.hidden = true;
      this.say("");
      this.name("Run live");
      this.button.focus();
    }

    say(...text) {
      this.status.replaceChildren(...text);
    }

    name(text) {
      this.button.textContent = text;
      this.button.classList.toggle("live-stop", text === "Stop");
    }

    press() {
      if (running === this) {
        stop("Stopped. The next run starts Python afresh, from the top of the page.");
      } else if (running) {
        this.say("Another cell is running: wait, or stop it first.");
      } else if (location.protocol === "file:") {
        this.say(
          "A browser runs no Python in a page that was opened as a file. " +
          "`make serve` serves the book on this machine.",
        );
      } else if (typeof WebAssembly === "undefined") {
        this.say("This browser runs no WebAssembly, so it cannot run Python.");
      } else {
        this.run();
      }
    }

    run() {
      this.open();
      const above = cells.slice(0, cells.indexOf(this));
      const { missing, fresh } = plan(above, this);
      this.name("Stop");
      this.began = false;
      running = this;
      this.missing = missing;
      if (fresh) past = [];
      if (!worker) {
        worker = new Worker(new URL(settings.worker, base));
        worker.onmessage = ({ data }) => running?.hear(data);
        worker.onerror = (event) => {
          event.preventDefault();
          running?.hear({ kind: "broken", text: "Python could not be started in this browser." });
        };
      }
      const unchanged = [...above, this].every((cell) => cell.source === cell.original);
      const tell = (cell) => ({ source: cell.source, label: cell.label });
      this.ran = this.source;
      worker.postMessage({
        settings, fresh, above: missing.map(tell),
        cell: { ...tell(this), alt: unchanged ? this.alt : "" },
      });
    }

    hear({ kind, text }) {
      if (kind === "status") this.say(text);
      else if (kind === "ran") {
        const cell = this.missing.find((one) => one.label === text);
        past.push({ label: text, source: cell.source });
      } else if (kind === "text" || kind === "error") this.print(text, kind === "error");
      else if (kind === "figure") this.place().insertAdjacentHTML("beforeend", text);
      else if (kind === "broken" || kind === "unreachable") {
        worker.terminate();
        worker = null;
        past = [];
        this.end(text);
        this.name("Try again");
        if (kind === "unreachable") {
          const href = new URL("reference/run.html", home).href;
          this.say(
            `Python could not be fetched from ${text}: you are offline, or that address is blocked. ` +
            "When it can be reached, try again; or run the page as a notebook: ",
            make("a", { href }, "How do I run this?"),
          );
        }
      } else if (kind === "end") {
        if (!this.began && text !== "above") this.place();
        if (text === "done") past.push({ label: this.label, source: this.ran });
        else past = text === "above" ? [{ label: "" }] : past; // a new start, next time
        this.end({
          done: this.output.childElementCount ? "Done. Change the code and run it again."
            : "Done: it prints nothing. Change the code and run it again.",
          error: "Stopped by an error.",
          above: "A cell above stopped with an error, so this one was not run.",
        }[text]);
      }
    }

    end(words) {
      running = null;
      this.name("Run again");
      this.say(words);
    }

    /** The emptied output, at the first thing that comes out. */
    place() {
      if (!this.began) {
        this.began = true;
        this.output.replaceChildren();
        this.output.hidden = false;
        if (this.stored) this.stored.hidden = true;
      }
      return this.output;
    }

    print(text, isError) {
      const last = this.place().lastElementChild;
      const same = last?.tagName === "PRE" && last.matches(".live-error") === isError;
      const target = same ? last
        : this.output.appendChild(make("pre", { className: isError ? "live-error" : "" }));
      target.append(text);
    }
  }

  /** Which of the cells above have still to run, and whether Python has to forget all first. */
  function plan(above, cell) {
    const before = [...past];
    while (before.at(-1)?.label === cell.label) before.pop(); // it may run again on what it left
    const holds = before.length <= above.length &&
      before.every(({ label, source }, i) => above[i].label === label && above[i].source === source);
    if (!holds) return { missing: above, fresh: true };
    return { missing: above.slice(before.length), fresh: false };
  }

  function stop(words) {
    const cell = running;
    worker.terminate();
    worker = null;
    past = [];
    cell.end(words);
  }

  // In the order of their code.
  const cells = [...document.querySelectorAll(".cell_input")].map((e) => e.closest(".cell"))
    .filter((e) => e.matches(".live")).map((e, i) => new Cell(e, i));
})();
