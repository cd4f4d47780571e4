// The keys, in words: shown by `?` or by a button of the toolbar.
import { h } from "./dom.js";

const KEYS = {
  "key step": ["←", "→"], "key ends": ["Home", "End"], "key play": ["P"], "key walk": ["↑", "↓"], "key open": ["Enter"], "key details": ["Space"],
  "key around": ["O"], "key zoom": ["+", "−", "0"], "key pan": ["Shift", "← ↑ → ↓"], "key table": ["T"], "key naive": ["N"], "key language": ["L"],
  "key number": ["↑ ↓", "PageUp", "PageDown"], "key enter": ["Enter"], "key escape": ["Esc"],
};

export class Help {
  constructor(texts) {
    const rows = Object.entries(KEYS).map(([name, keys]) => h("div", {}, h("dt", {}, keys.flatMap((key) => [h("kbd", {}, key), " "])), h("dd", {}, texts[name])));
    this.element = h("div", { class: "keys", role: "group", "aria-label": texts["keys title"], hidden: true }, h("dl", {}, rows));
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** Open or close; returns whether it is open now. */
  toggle() {
    this.element.hidden = this.isOpen;
    return this.isOpen;
  }
}
