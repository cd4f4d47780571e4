// Beneath a failed operation: what failed, the shapes that clash, the user's line, and lines that would have worked, to choose from.
import { copied } from "./clipboard.js";
import { fill, h } from "./dom.js";

export class FailurePanel {
  /** `failure` is {title, lines: [[[words, look]]], fixes: [{code, shape}]}; `say` says a sentence aloud. */
  constructor({ title, lines, fixes }, texts, { say }) {
    Object.assign(this, { fixes, texts, say });
    this.buttons = fixes.map(({ code, shape }, number) =>
      h("button", { type: "button", class: "fix", "data-action": `fix ${number}`, "aria-pressed": "false", onclick: () => this.take(number) },
        h("b", {}, `${number + 1}`), h("code", {}, code), shape && h("small", {}, `→ ${shape}`)));
    this.answer = h("p", { class: "answer" });
    this.element = h("section", { class: "failure", "aria-label": title },
      h("p", { class: "title" }, title), lines.map((line) => h("p", {}, line.map(([words, look]) => span(words, look)))),
      fixes.length > 0 && [h("p", { class: "small" }, texts["choose fix"]), h("ol", {}, this.buttons.map((button) => h("li", {}, button)))], this.answer);
    this.keys = Object.fromEntries(fixes.map((_, number) => [`${number + 1}`, () => this.take(number)]));
  }

  /** Copy the line; where that is not possible it is selected, to be copied by hand. */
  async take(number) {
    const { code } = this.fixes[number];
    this.buttons.forEach((button, other) => button.setAttribute("aria-pressed", String(other === number)));
    const isCopied = await copied(code);
    const words = fill(this.texts[isCopied ? "fix copied" : "fix by hand"], { code });
    const line = h("pre", { class: "source", tabindex: "0" }, code);
    this.answer.replaceChildren(isCopied ? words : line);
    if (!isCopied) window.getSelection().selectAllChildren(line);
    this.say(words);
  }
}

/** Words in their look; what clashes is underlined and in brackets besides its colour. */
function span(words, look) {
  return h(look === "code" ? "code" : look === "fault" ? "u" : "span", { class: look }, words);
}
