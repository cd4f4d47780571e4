// The sentence of the step and, under it, its arithmetic as a picture: upstream × local = contribution.
import { cells } from "./cells.js";
import { h } from "./dom.js";
import { direction } from "./player.js";

export class Strip {
  constructor(graph, texts) {
    Object.assign(this, { graph, texts });
    this.sentence = h("p", { class: "sentence", "aria-live": "polite", "aria-atomic": "true" });
    this.picture = h("div", { class: "arithmetic" });
    this.element = h("div", { class: "strip" }, this.sentence, this.picture);
  }

  apply({ step }) {
    this.sentence.textContent = step.text;
    this.sentence.dataset.direction = direction(step);
    const flows = step.flows.map((id) => this.graph.flows[id]);
    this.picture.replaceChildren(...(flows.length ? flows.flatMap((flow) => this.chain(flow)) : this.formula(step)));
  }

  /** Where nothing flows back: what the operation computes, and the user's line that asked for it. */
  formula(step) {
    const op = this.graph.ops[step.at];
    if (!op || step.kind !== "forward") return [];
    return [h("span", { class: "rule" }, op.formula), op.line ? h("code", {}, op.line.code) : null].filter(Boolean);
  }

  chain(flow) {
    const target = this.graph.tensors[flow.tensor].name;
    return (flow.parts ?? []).map((part) =>
      h("div", { class: "chain" },
        this.term("upstream", part.upstream), ...(part.local ? [h("span", { class: "sign" }, "×"), this.term("local", part.local)] : []),
        h("span", { class: "sign" }, part.local ? "=" : "→"), this.term("contribution", part.contribution, ` → ${target}`),
        h("span", { class: "rule" }, part.rule)),
    );
  }

  term(name, summary, suffix = "") {
    const role = name === "local" ? "local" : "gradient";
    return h("div", { class: "term" }, cells({ ...summary, note: "" }, role, this.texts[name]), h("span", { class: `name ${role}` }, `${this.texts[name]}${suffix}`));
  }
}
