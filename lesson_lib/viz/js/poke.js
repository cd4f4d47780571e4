// Numbers changed by hand: each change goes to the kernel, one at a time, and what comes back is put where it belongs.
import { copied } from "./clipboard.js";
import { h } from "./dom.js";
import { PATIENCE, tell } from "./kernel.js";
import { listen } from "./listen.js";

const NONE = { values: [], gradients: [], why: {}, reason: "", edited: false, code: "", said: "" };

export class Poke {
  /** `arrived` is told what is different; `say` says a sentence aloud; `seen` gives the ids of what is in sight. */
  constructor(model, graph, texts, signal, { arrived, say, seen, cards }) {
    Object.assign(this, { model, graph, texts, arrived, say, seen, cards });
    graph.poked ??= NONE;
    this.line = []; // changes that wait for their turn
    this.turn = null;
    listen(model, signal, { "msg:custom": (message) => message.type === "poked" && this.receive(message) });
    signal.addEventListener("abort", () => clearTimeout(this.timer));
    this.bar();
  }

  /** Ask for a change: {id, index, value}, {id, index, by} or {reset: true}. Steps that follow each other faster than the kernel answers are one. */
  ask(question) {
    const last = this.line.at(-1);
    if (last?.question.by && question.by && last.question.id === question.id && String(last.question.index) === String(question.index)) {
      last.question.by += question.by;
      return last.promise;
    }
    const entry = { question, key: `poke ${Math.random()}` };
    entry.promise = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
    this.line.push(entry);
    this.next();
    return entry.promise;
  }

  next() {
    if (this.turn || !this.line.length) return;
    this.turn = this.line.shift();
    const seen = this.graph.follows && { seen: this.seen() };
    this.model.send({ type: "poke", key: this.turn.key, ...seen, ...this.turn.question });
    this.timer = setTimeout(() => this.lost(), PATIENCE);
  }

  lost() {
    const problem = new Error(this.texts.unreachable);
    for (const { reject } of [this.turn, ...this.line.splice(0)]) reject(problem);
    this.turn = null;
  }

  /** Another view of the same graph may have asked, or the answer may come late: it is shown all the same. */
  receive(answer) {
    if (!answer.error) {
      takeIn(this.graph, answer, this.cards);
      this.arrived(answer);
      this.apply();
      this.say(answer.poked.said);
    }
    if (answer.key !== this.turn?.key) return;
    clearTimeout(this.timer);
    const { resolve, reject } = this.turn;
    this.turn = null;
    if (answer.error) reject(new Error(answer.error));
    else resolve();
    this.next();
  }

  // --- the bar beneath the picture ----------------------------------------------------------------------------------

  bar() {
    const { texts } = this;
    const button = (name, action) => h("button", { type: "button", class: "more", "data-action": name, onclick: action }, texts[name]);
    const reset = () => this.graph.poked.edited && this.ask({ reset: true }).catch((problem) => this.answer(problem.message));
    this.words = h("p", { class: "words" });
    this.reason = h("p", { class: "why" });
    this.code = h("pre", { class: "source", tabindex: "0", hidden: true });
    this.buttons = [button("reset", reset), button("copy code", () => this.copy())];
    this.element = h("div", { class: "pokes", hidden: true }, h("div", { class: "line" }, this.words, this.buttons), this.reason, this.code);
    this.apply();
  }

  /** Once there, the bar stays: a button that vanishes would take the keyboard with it. */
  apply() {
    const { poked } = this.graph;
    this.element.hidden &&= !poked.said;
    this.answer(poked.said);
    this.reason.textContent = poked.reason;
    this.code.textContent = poked.code;
    this.code.hidden ||= !poked.code;
    for (const button of this.buttons) button.setAttribute("aria-disabled", String(!poked.edited));
  }

  answer(words) {
    this.words.textContent = words;
  }

  async copy() {
    if (!this.graph.poked.edited) return;
    this.code.hidden = false;
    const said = this.texts[(await copied(this.graph.poked.code)) ? "copied" : "copy by hand"];
    this.answer(said);
    this.say(said);
  }
}

/** Write what the kernel sent into the graph. The words of the steps follow when they are looked at. */
function takeIn(graph, { tensors, fragments, seen, dot, steps, flows, told, poked }, cards) {
  if (graph.follows) cards.renew(fragments, tensors, seen);
  Object.assign(graph.tensors, tensors);
  Object.assign(graph.fragments, fragments);
  graph.poked = poked;
  if (dot) graph.dot = dot;
  if (steps) Object.assign(graph, { steps, flows });
  else {
    for (const step of graph.steps) step.later = true;
    for (const flow of Object.values(graph.flows)) Object.assign(flow, { label: "", parts: null });
  }
  tell(graph, told);
}
