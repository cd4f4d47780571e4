// Naive recursion, to step through with the same buttons, beside the right order.
import { fill, h } from "./dom.js";

export class Naive {
  /** `ask` is the kernel; `say` says a sentence aloud; `refresh` shows the step that the player stands at. */
  constructor(model, graph, texts, player, { ask, say, refresh }) {
    Object.assign(this, { model, graph, texts, player, ask, say, refresh });
    this.plan = null; // null while the right order is shown
    this.element = h("section", { class: "orders", hidden: true, "aria-label": texts.naive });
  }

  get on() {
    return this.plan !== null;
  }

  async toggle() {
    if (this.on) this.stop();
    else await this.start(0);
  }

  /** Show the visit `number`; nothing but a sentence happens where there is no way back, or nobody to ask. */
  async start(number) {
    const turn = (this.turn = {});
    const plan = await this.ask.naive().catch(() => undefined);
    if (turn !== this.turn) return;
    if (!plan) return this.say(this.texts[plan === undefined ? "unreachable" : "naive none"], true);
    this.say("");
    this.plan = plan;
    this.player.pause();
    this.player.take(this.steps(), number);
    this.lists();
    this.keep();
    this.refresh();
  }

  /** The kernel, or another view of the same graph, asks for a visit; -1 for the right order. */
  follow(number) {
    if (number < 0) return this.on && this.stop();
    if (this.on) this.player.go(number);
    else this.start(number);
  }

  stop() {
    this.turn = this.plan = null;
    this.element.hidden = true;
    this.player.pause();
    this.player.take(this.graph.steps, this.model.get("position"));
    this.keep();
    this.say(this.texts["naive off"]);
    this.refresh();
  }

  /** Tell the kernel where we are. */
  keep() {
    this.model.set("naive", this.on ? this.player.position : -1);
    this.model.save_changes();
  }

  /** The visits as steps. A gradient is known when the last visit with a part of it has come. */
  steps() {
    const { graph, texts, plan } = this;
    const begin = graph.steps.find((step) => step.kind === "seed");
    const output = plan.visits[0].tensor;
    const values = Object.keys(graph.tensors);
    const text = fill(texts["naive start"], { output: output ? graph.tensors[output].name : plan.visits[0].name });
    const step = { values: [], gradients: [], partly: [], flows: [], chains: [], sum: null };
    const visits = plan.visits.map(({ at, tensor, name, number, of, arrived, total, whole }) => ({
      ...step, kind: "visit", at, later: true, text: `${name} · ${fill(texts["visit of"], { number, of })}`,
      gradients: tensor && whole ? [tensor] : [],
      partly: tensor && !whole ? [[tensor, fill(texts[total.length > 4 ? "arrived many" : "arrived"], { arrived, total })]] : [],
      flows: Object.keys(graph.flows).filter((id) => graph.flows[id].op === at),
    }));
    return [{ ...step, kind: "seed", at: begin.at, text, values }, ...visits];
  }

  /** Fetch the arithmetic of the visit on screen. */
  async tell() {
    const { position, step } = this.player;
    const told = await this.ask.visit(position).catch(() => null);
    if (!told || this.player.steps[position] !== step) return;
    Object.assign(step, { text: told.text, chains: told.chains, sum: told.sum, later: false });
    if (this.player.step === step) this.refresh();
  }

  // --- both orders side by side -------------------------------------------------------------------------------------

  lists() {
    const { texts, plan } = this;
    const item = ({ name, number, of, depth = 0 }) => {
      const words = of && of !== "1" ? h("small", {}, ` ${fill(texts["visit of"], { number, of })}`) : null;
      const row = h("li", { class: number > 1 ? "again" : null }, h("span", {}, name), words, number > 1 && h("b", {}, ` ${texts.again}`));
      row.style.setProperty("--depth", Math.min(depth, 12));
      return row;
    };
    const list = (name, words, items, more) => h("div", { class: "order" }, h("h4", {}, texts[name], h("small", {}, ` ${words}`)),
      h("ol", { tabindex: "0", "aria-label": texts[name] }, items, more && h("li", { class: "left-out" }, more)));
    this.visits = plan.visits.map(item);
    this.turns = plan.right.map(item);
    this.count = h("p", { class: "count", "aria-live": "polite" });
    this.element.replaceChildren(
      h("div", { class: "two" },
        list("naive order", fill(texts.visits, { count: plan.total }), this.visits, plan.more && fill(texts["visits left out"], { count: plan.more })),
        list("right order", fill(texts.turns, { count: plan.turns }), this.turns, plan.more_turns && fill(texts["turns left out"], { count: plan.more_turns }))),
      this.count);
    this.element.hidden = false;
  }

  /** Mark in both lists where the player stands: as many turns as visits, until the right order is through. */
  apply() {
    if (!this.on) return;
    const { position } = this.player;
    const turn = Math.min(position, this.turns.length);
    for (const [rows, at] of [[this.visits, position], [this.turns, turn]]) {
      rows.forEach((row, index) => {
        row.toggleAttribute("data-done", index < at);
        row.toggleAttribute("aria-current", index === at - 1);
        if (index === at - 1) row.setAttribute("aria-current", "step");
      });
      const row = rows[at - 1];
      if (row) row.parentElement.scrollTop = row.offsetTop - row.parentElement.offsetTop - row.parentElement.clientHeight / 2;
    }
    const { total, turns } = this.plan;
    const words = fill(this.texts["so far"], { visits: position, total, turns: turn, all: turns });
    if (this.count.textContent !== words) this.count.textContent = words;
  }
}
