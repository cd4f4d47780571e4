// The sentence of the step and, under it, its arithmetic as a picture: upstream × local = contribution, what is added where gradients meet, what is held.
import { cells } from "./cells.js";
import { h } from "./dom.js";
import { meetingPanel, meetingWords, meetings, picture } from "./meeting.js";
import { heldWords } from "./memory.js";
import { direction } from "./player.js";

export class Strip {
  constructor(graph, texts) {
    Object.assign(this, { graph, texts });
    const said = (name) => h("p", { class: name, "aria-live": "polite", "aria-atomic": "true" });
    this.sentence = said("sentence");
    this.picture = h("div", { class: "arithmetic" });
    this.meets = said("meets");
    this.sums = h("div", { class: "arithmetic" });
    this.held = said("held");
    this.element = h("div", { class: "strip" }, this.sentence, this.picture, this.meets, this.sums, this.held);
  }

  apply(known, steps, position) {
    const { step, memory } = known;
    this.sentence.textContent = step.text;
    this.sentence.dataset.direction = direction(step);
    const found = step.kind === "visit" ? [] : meetings(this.graph, steps, position, known, this.texts);
    this.picture.replaceChildren(...this.arithmetic(step));
    say(this.meets, found.map((meeting) => meetingWords(meeting, this.graph, this.texts)).join(" "));
    this.sums.replaceChildren(...found.map((meeting) => meetingPanel(meeting, this.graph, this.texts)));
    this.held.hidden = Boolean(this.graph.reason) && !Object.keys(this.graph.saved).length; // nobody knows what was saved
    say(this.held, heldWords(this.graph, this.texts, memory, "chains" in step));
  }

  arithmetic(step) {
    if (step.kind === "visit") return [...step.chains.flatMap(({ target, parts }) => this.chain(target, parts)), ...this.added(step)];
    const chains = step.flows.flatMap((id) => this.chain(this.graph.tensors[this.graph.flows[id].tensor].name, this.graph.flows[id].parts ?? []));
    return step.flows.length ? chains : this.formula(step);
  }

  /** Where nothing flows back: what the operation computes, and the user's line that asked for it. */
  formula(step) {
    const op = this.graph.ops[step.at];
    if (!op || step.kind !== "forward") return [];
    return [h("span", { class: "rule" }, op.formula), op.line ? h("code", {}, op.line.code) : null].filter(Boolean);
  }

  chain(target, parts) {
    return parts.map((part) =>
      h("div", { class: "chain" },
        this.term("upstream", part.upstream), ...(part.local ? [h("span", { class: "sign" }, "×"), this.term("local", part.local)] : []),
        h("span", { class: "sign" }, part.local ? "=" : "→"), this.term("contribution", part.contribution, ` → ${target}`),
        h("span", { class: "rule" }, part.rule)),
    );
  }

  /** What a visit of naive recursion adds to a leaf that has something already. */
  added({ sum }) {
    if (!sum) return [];
    const [before, arrived, after] = sum.map((summary, number) => picture(summary, number === 1 ? this.texts.contribution : this.texts.gradient, this.texts.gradient));
    const sign = (words) => h("span", { class: "sign" }, words);
    return [h("div", { class: "chain" }, before, sign("+"), arrived, sign("="), after)];
  }

  term(name, summary, suffix = "") {
    const role = name === "local" ? "local" : "gradient";
    return h("div", { class: "term" }, cells({ ...summary, note: "" }, role, this.texts[name]), h("span", { class: `name ${role}` }, `${this.texts[name]}${suffix}`));
  }
}

/** Write words into a live region, which speaks up only if they are others. */
function say(place, words) {
  if (place.textContent !== words) place.textContent = words;
}
