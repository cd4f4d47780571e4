// The side panel: everything about the node that was clicked. Values of large tensors are fetched when it opens.
import { cells } from "./cells.js";
import { changedWord } from "./changed.js";
import { h, shapeText } from "./dom.js";
import { field, resumed } from "./field.js";
import { icon } from "./icons.js";
import { savedBy, saves } from "./saved.js";

export class Details {
  constructor(graph, texts, { fetchWindow, onPoke, onSelect, onToggle, onClose }) {
    Object.assign(this, { graph, texts, fetchWindow, onPoke, onSelect, onToggle });
    this.body = h("div", { class: "body" });
    const close = h("button", { type: "button", class: "close", title: texts.close, "aria-label": texts.close, onclick: onClose }, icon("close"));
    this.element = h("div", { class: "details", role: "group", "aria-label": texts.details, hidden: true }, close, this.body);
  }

  show(id, known) {
    this.element.hidden = !id;
    if (!id) return;
    const parts = this.graph.tensors[id] ? this.tensor(id, known) : this.graph.groups?.[id] ? this.group(id, known) : this.operation(id, known);
    this.resume = resumed(this.body);
    this.body.replaceChildren(...parts.filter(Boolean));
    this.resume();
  }

  heading(name, kind) {
    return h("h3", {}, name, " ", h("small", {}, kind));
  }

  facts(...rows) {
    return h("div", { class: "facts" }, rows);
  }

  row(name, ...content) {
    return h("div", { class: "row" }, h("span", { class: "key" }, this.texts[name]), h("span", { class: "content" }, content));
  }

  link(id, words = (this.graph.tensors[id] ?? this.graph.ops[id]).name) {
    return h("button", { type: "button", class: "link", onclick: () => this.onSelect(id) }, words);
  }

  // --- tensors ------------------------------------------------------------------------------------------------------

  tensor(id, known) {
    const node = this.graph.tensors[id];
    const { texts } = this;
    return [
      this.heading(node.name, texts[node.kind]),
      this.facts(
        this.row("shape", shapeText(node.shape, texts)), this.row("dtype", node.dtype), node.madeBy && this.row("from", this.link(node.madeBy)),
        node.memory && this.row("memory", node.memory), savedBy(this, id, known.memory),
      ),
      this.numbers(id, "value", node.value, known.values.has(id), this.absent(id, known)),
      node.kind !== "constant" && this.numbers(id, "gradient", node.gradient, known.gradients.has(id), known.partly.get(id) ?? texts["not computed"]),
      node.grad && this.numbers(id, "grad", node.grad, true, ""),
    ];
  }

  absent(id, known) {
    const why = this.graph.poked?.why[id];
    if (!known.values.has(id)) return this.texts["not computed"];
    return why ? `${this.texts["not followed"]}: ${why}` : this.texts["not recorded"];
  }

  /** The table of a value has fields in which the numbers can be changed. */
  table(summary, role, id, which) {
    if (which !== "value" || !this.onPoke || this.graph.offline) return cells(summary, role, this.texts[role]);
    const { name, shape } = this.graph.tensors[id];
    return cells(summary, role, this.texts[role], (words, row, column) => {
      const index = [...shape.slice(2).fill(0), row, column].slice(shape.length ? -shape.length : 2 + shape.length);
      const place = index.length ? `${name}[${index.join(", ")}]` : name;
      return field(words, `${place}, ${this.texts.value}`, `${id} ${index}`, (what) => this.onPoke({ id, index, ...what }));
    });
  }

  /** A thumbnail at once, and in its place the numbers themselves as soon as the kernel has sent them. */
  numbers(id, which, summary, isKnown, absent) {
    const role = which === "value" ? "value" : "gradient";
    const word = isKnown && which !== "grad" ? changedWord(this.graph, id, which, this.texts) : "";
    const title = h("h4", { class: role }, this.texts[which === "grad" ? "now" : which], word);
    if (!summary || !isKnown) return h("section", {}, title, h("p", { class: "absent" }, absent));
    const place = h("div", {}, !summary.later && this.table(summary, role, id, which));
    if (!summary.exact) this.fetchInto(place, id, which, role);
    return h("section", {}, title, place);
  }

  async fetchInto(place, id, which, role) {
    const note = h("p", { class: "absent", role: "status" }, this.texts.fetching);
    place.append(note);
    try {
      const found = await this.fetchWindow(id, which);
      if (!found) throw new Error(which); // a saved page has not all of them
      place.replaceChildren(this.table(found, role, id, which), h("p", { class: "stats" }, found.stats));
      this.resume();
    } catch {
      note.textContent = this.texts.unreachable;
    }
  }

  // --- modules ------------------------------------------------------------------------------------------------------

  group(id, known) {
    const group = this.graph.groups[id];
    const button = h("button", { type: "button", class: "more", onclick: () => this.onToggle(id) }, this.texts[group.open ? "close it" : "open it"]);
    const facts = this.facts(group.path && this.row("path", h("code", {}, group.path)), this.row("contains", group.facts), saves(this, id, known.memory));
    return [this.heading(group.name, this.texts.module), facts, button];
  }

  // --- operations ---------------------------------------------------------------------------------------------------

  operation(id, known) {
    const op = this.graph.ops[id];
    const inputs = this.graph.edges.filter(([, target]) => target === id).map(([source]) => this.link(source));
    const outputs = this.graph.edges.filter(([source]) => source === id).map(([, target]) => this.link(target));
    return [
      this.heading(op.label, this.texts.operation),
      this.facts(
        op.title && this.row("node", h("code", {}, op.title)),
        op.formula && this.row("formula", op.formula),
        this.row("inputs", inputs),
        this.row("output", outputs),
        op.module && this.row("module", op.module),
        op.time && this.row("time", op.time),
        op.memory && this.row("memory", op.memory),
        saves(this, id, known.memory),
        op.line && this.row("your line", h("code", {}, op.line.code), " ", h("small", {}, op.line.place)),
      ),
      this.source(this.graph.sources[op.source]),
    ];
  }

  source(text) {
    if (!text) return null;
    const code = h("pre", { class: "source", hidden: true, tabindex: "0" }, text);
    const button = h("button", { type: "button", class: "more", "aria-expanded": "false", onclick: () => {
      code.hidden = !code.hidden;
      button.setAttribute("aria-expanded", String(!code.hidden));
      button.textContent = this.texts[code.hidden ? "show source" : "hide source"];
    } }, this.texts["show source"]);
    return h("div", { class: "code" }, button, code);
  }
}
