// A list to choose from, of findings or of differences: each a word and a sentence; what it speaks of comes into view.
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

export class PickList {
  /** `picks` is {heading, items: [{icon, word, text, more}]}; `choose(item)` brings it into view, `state` remembers which one it was, `say` says it aloud. */
  constructor({ heading, items }, texts, { choose, state, say }) {
    Object.assign(this, { items, texts, choose, state, say });
    this.buttons = items.map((item, number) => this.button(item, number));
    const turn = (name, by) => h("button", { type: "button", class: "more", "data-action": name, onclick: () => this.move(by) }, texts[name]);
    this.counter = h("span", { class: "counter" });
    this.element = h("section", { class: "picks", "aria-label": heading },
      h("div", { class: "line" }, h("strong", { class: "words" }, heading), items.length > 0 && [this.counter, turn("previous pick", -1), turn("next pick", 1)]),
      items.length > 0 && h("ol", {}, this.buttons.map((button) => h("li", {}, button))));
    this.keys = { f: () => this.move(1), F: () => this.move(-1) };
    this.mark();
  }

  button({ icon: name, word, text, more, at }, number) {
    return h("button", { type: "button", class: "pick", "data-action": `pick ${number}`, onclick: () => this.take(number) },
      icon(name), h("span", {}, h("b", {}, word), " ", text, at === "" && h("em", {}, ` (${this.texts["not drawn"]})`), more && h("small", {}, ` ${more}`)));
  }

  /** The next one, or the one before; after the last comes the first. */
  move(by) {
    const { length } = this.items;
    if (length) this.take(((this.state.picked ?? (by > 0 ? -1 : 0)) + by + length) % length);
  }

  take(number) {
    this.state.picked = number;
    this.mark();
    const { word, text } = this.items[number];
    this.say(fill(this.texts.pick, { number: number + 1, count: this.items.length, word, text }));
    this.choose(this.items[number]);
  }

  mark() {
    const { picked } = this.state;
    this.buttons.forEach((button, number) => button.setAttribute("aria-pressed", String(number === picked)));
    if (picked !== undefined) this.counter.textContent = `${picked + 1} / ${this.items.length}`;
    const button = this.buttons[picked];
    const list = button?.closest("ol");
    if (list) list.scrollTop = Math.min(Math.max(list.scrollTop, button.offsetTop + button.offsetHeight - list.clientHeight), button.offsetTop);
  }
}
