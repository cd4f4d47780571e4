// The time line as a table: the frames around the one that is looked at, the first and the last, and where the graph changes next.
import { h } from "./dom.js";

const AROUND = 6; // rows before and after

export class FrameTable {
  constructor(texts, source, player) {
    Object.assign(this, { texts, source, player });
    this.body = h("tbody", {});
    const head = ["frame", "loss value", "gradient norm", "film graph"].map((key) => h("th", { scope: "col" }, texts[key]));
    this.element = h("div", { class: "as-table frames", tabindex: "0" }, h("table", { "aria-label": texts["film place"] }, h("thead", {}, h("tr", {}, head)), this.body));
  }

  async fill(number) {
    const { last } = this.player;
    const turns = (await this.source.frame(number)).turns.filter((other) => other !== null);
    const near = Array.from({ length: 2 * AROUND + 1 }, (_, index) => number - AROUND + index).filter((other) => other >= 0 && other <= last);
    const numbers = [...new Set([0, ...near, ...turns, last])].sort((a, b) => a - b);
    const told = await this.source.frames(numbers);
    const hadFocus = this.body.contains(document.activeElement);
    this.body.replaceChildren(...numbers.flatMap((other, index) => {
      const skipped = index > 0 && other > numbers[index - 1] + 1;
      return [skipped && h("tr", {}, h("td", { colspan: 4 }, "…")), this.row(other, told[index], other === number)].filter(Boolean);
    }));
    const now = this.body.querySelector("[aria-current]");
    this.element.scrollTop = now.offsetTop - this.element.clientHeight / 2;
    if (hadFocus) now.querySelector("button").focus({ preventScroll: true });
  }

  row(number, { values, words }, isNow) {
    const button = h("button", { type: "button", class: "link", onclick: () => this.player.go(number) }, String(number));
    const cells = [...values, words].map((text) => h("td", {}, text));
    return h("tr", { "aria-current": isNow ? "step" : null, "data-now": isNow ? "forward" : null }, h("th", { scope: "row" }, button), cells);
  }
}
