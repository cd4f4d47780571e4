// Buttons and slider. They only talk to the player; the keyboard does the same through view.js.
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

export class Toolbar {
  constructor(player, texts, actions) {
    Object.assign(this, { player, texts });
    const button = (name, action) => iconButton(name, texts, action);
    this.first = button("first", () => player.go(0));
    this.back = button("back", () => player.move(-1));
    this.play = button("play", () => player.toggle());
    this.next = button("next", () => player.move(1));
    this.last = button("last", () => player.go(player.last));
    this.slider = h("input", { type: "range", min: 0, max: player.last, step: 1, "aria-label": texts.position, "data-action": "position", oninput: () => player.go(Number(this.slider.value)) });
    this.counter = h("output", { class: "counter", "aria-live": "off" });
    this.view = button("as table", actions.toggleTable);
    this.zoomers = [button("zoom out", () => actions.zoom(1 / 1.3)), button("zoom in", () => actions.zoom(1.3)), button("fit", actions.fit)];
    this.naive = actions.toggleNaive && button("naive", actions.toggleNaive);
    this.naive?.setAttribute("aria-pressed", "false");
    const other = actions.otherLanguage();
    const words = fill(texts["other language"], { name: other.name });
    this.language = h("button", { type: "button", class: "language", title: words, "aria-label": words, "data-action": "language", onclick: actions.speak }, h("span", { lang: other.code }, other.name));
    this.help = h("button", { type: "button", title: texts.keys, "aria-label": texts.keys, "aria-expanded": "false", "data-action": "keys", onclick: actions.toggleHelp }, "?");
    this.element = h(
      "div", { class: "toolbar", role: "toolbar", "aria-label": texts.position },
      h("span", { class: "buttons" }, this.first, this.back, this.play, this.next, this.last), this.track(), this.counter,
      h("span", { class: "buttons" }, this.naive, this.zoomers, this.view, this.language, actions.toggleHelp && this.help),
    );
    player.addEventListener("play", () => this.swap(this.play, player.playing ? "pause" : "play"));
  }

  /** The slider over a strip that shows which part of the way goes forward and which back. */
  track() {
    const { turn } = this.player;
    const share = turn < 1 ? (turn < 0 ? 100 : 0) : (100 * (turn - 0.5)) / Math.max(this.player.last, 1);
    this.slider.style.setProperty("--turn", `${share}%`);
    return this.slider;
  }

  swap(button, name) {
    button.replaceChildren(icon(name));
    button.title = this.texts[name];
    button.setAttribute("aria-label", this.texts[name]);
  }

  apply() {
    const { position, last, step } = this.player;
    this.track();
    this.element.classList.toggle("still", last === 0); // nowhere to step
    this.slider.max = last;
    this.slider.value = position;
    this.slider.setAttribute("aria-valuetext", step.text);
    this.counter.value = `${position} / ${last}`;
    for (const button of [this.first, this.back]) disable(button, position === 0);
    for (const button of [this.next, this.last]) disable(button, position === last);
  }

  showNaive(isNaive) {
    this.naive.setAttribute("aria-pressed", String(isNaive));
  }

  showHelp(isOpen) {
    this.help.setAttribute("aria-expanded", String(isOpen));
  }

  showTable(isTable) {
    this.swap(this.view, isTable ? "as graph" : "as table");
    for (const button of this.zoomers) disable(button, isTable);
  }
}

export function iconButton(name, texts, action) {
  return h("button", { type: "button", title: texts[name], "aria-label": texts[name], "data-action": name, onclick: action }, icon(name));
}

/** Say that a button does nothing now. It stays focusable: a focus that vanishes takes the arrow keys with it. */
export function disable(button, isDisabled) {
  button.setAttribute("aria-disabled", isDisabled);
}
