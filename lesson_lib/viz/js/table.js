// The same graph as a table: one row per tensor and operation, in the order of computation.
import { changedWord } from "./changed.js";
import { h, shapeText } from "./dom.js";
import { markWords } from "./marks.js";
import { bytesText, names } from "./memory.js";
import { direction } from "./player.js";

export class GraphTable {
  constructor(graph, texts, onSelect, onToggle) {
    Object.assign(this, { graph, texts, onToggle });
    this.rows = new Map();
    this.element = h("div", { class: "as-table", tabindex: "0", hidden: true });
    this.onSelect = onSelect;
  }

  /** The rows are made when they are first looked at: a long table takes longer than a picture. */
  fill() {
    if (this.rows.size) return;
    const { graph, texts, onSelect } = this;
    const keys = ["name", "kind", "from", "shape", "value", "gradient", "is saved", "parameters of", "memory", "time", "in module", "your line"];
    const head = keys.map((key) => h("th", { scope: "col" }, texts[key]));
    const body = graph.order.map((id) => (graph.groups?.[id] ? this.groupRow(id) : this.row(id, onSelect)));
    this.element.append(h("table", { "aria-label": texts.graph }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)));
  }

  row(id, onSelect) {
    const node = this.graph.tensors[id] ?? this.graph.ops[id];
    const isTensor = id in this.graph.tensors;
    const kind = isTensor ? node.kind : "operation";
    const op = isTensor ? this.graph.ops[node.madeBy] : node;
    const shape = isTensor ? [shapeText(node.shape, this.texts), node.dtype !== "float32" && node.dtype].filter(Boolean).join(" ") : "";
    return this.keep(id, h("tr", { class: kind },
      this.nameCell(id, h("button", { type: "button", class: "link", "aria-pressed": "false", onclick: () => onSelect(id) }, node.label ?? node.name), markWords(this.graph, id)),
      this.kindCell(this.texts[kind]), h("td", {}, this.from(id)), h("td", {}, shape), h("td", { class: "value" }), h("td", { class: "gradient" }), h("td", { class: "memory" }),
      h("td"), h("td", {}, node.memory), h("td", {}, node.time), h("td", {}, op?.module || this.owner(id)), this.lineCell(op?.line)));
  }

  keep(id, row) {
    this.rows.set(id, row);
    return row;
  }

  kindCell(words) {
    return h("td", {}, words, h("span", { class: "now" }));
  }

  lineCell(line) {
    return h("td", {}, line && [h("code", {}, line.code), " ", h("small", {}, line.place)]);
  }

  /** What the arrows into `id` come from. */
  from(id) {
    const { tensors, ops, edges } = this.graph;
    const others = id in tensors ? [tensors[id].madeBy].filter(Boolean) : edges.filter(([, target]) => target === id).map(([source]) => source);
    return others.map((other) => (tensors[other] ?? ops[other])?.name).join(", ");
  }

  /** The open module in which a thing stands. */
  owner(id) {
    const group = this.graph.groups?.[this.graph.places?.[id]];
    return group ? `${group.name} · ${group.path}` : "";
  }

  /** A module: its name opens and closes it. */
  groupRow(id) {
    const group = this.graph.groups[id];
    const button = h("button", { type: "button", class: "link", "aria-expanded": String(group.open), onclick: () => this.onToggle(id) }, `${group.open ? "▾" : "▸"} ${group.name}`);
    return this.keep(id, h("tr", { class: "module" },
      this.nameCell(id, button, markWords(this.graph, id)), this.kindCell(`${this.texts.module} · ${group.operations}`), h("td", {}, this.from(id)), h("td"), h("td"), h("td"), h("td", { class: !group.open && "memory" }),
      h("td", {}, group.parameters), h("td", {}, group.memory), h("td", {}, group.time), h("td", {}, group.path), this.lineCell(this.graph.ops[id]?.line)));
  }

  /** The first cell, further right the deeper in modules it stands. */
  nameCell(id, button, mark) {
    const cell = h("th", { scope: "row" }, button, mark && h("b", { class: "mark-word" }, mark));
    let depth = 0;
    for (let at = this.graph.places?.[id]; at; at = this.graph.places[at]) depth += 1;
    if (depth) cell.style.paddingLeft = `${12 + 16 * depth}px`;
    return cell;
  }

  select(selected) {
    for (const [id, row] of this.rows) row.querySelector("[aria-pressed]")?.setAttribute("aria-pressed", String(id === selected));
  }

  /** Write what is known now into all rows, or into those of `ids`. */
  apply(known, ids = null) {
    for (const [id, row] of this.rows) {
      if (ids && !ids.has(id)) continue;
      const now = known.step.at === id;
      row.toggleAttribute("aria-current", now);
      if (now) row.setAttribute("aria-current", "step");
      row.dataset.now = now ? direction(known.step) : "";
      row.querySelector(".now").textContent = now ? ` · ${this.texts[`this step ${direction(known.step)}`]}` : "";
      const node = this.graph.tensors[id];
      if (node) this.fillRow(row, id, node, known);
      const memory = row.querySelector(".memory");
      if (memory) memory.textContent = node ? this.texts[`is ${known.memory.states.get(id)}`] ?? "" : this.held(id, known.memory);
    }
  }

  /** What an operation or a closed module holds now. */
  held(id, { holders }) {
    const entries = [...holders.values()].filter(({ ops }) => ops.has(id)).map(({ entry }) => entry);
    if (!entries.length) return "";
    const bytes = new Map(entries.map(([, , memory, size]) => [memory, size]));
    return `${names(this.graph, this.texts, entries)}: ${bytesText([...bytes.values()].reduce((sum, size) => sum + size, 0), this.texts)}`;
  }

  fillRow(row, id, node, known) {
    const { texts } = this;
    const unknown = texts[this.graph.poked?.why[id] ? "not followed" : "not recorded"];
    const words = {
      value: !known.values.has(id) ? texts["not computed"] : node.value ? brief(node.value, texts) : unknown,
      gradient: node.kind === "constant" ? "" : known.gradients.has(id) && node.gradient ? brief(node.gradient, texts) : known.partly.get(id) ?? texts["not computed"],
    };
    for (const [role, said] of Object.entries(words)) {
      const isKnown = known[`${role}s`].has(id) && node[role];
      const word = isKnown ? changedWord(this.graph, id, role, texts) : "";
      const cell = row.querySelector(`.${role}`);
      cell.textContent = said + word;
      cell.classList.toggle("changed", Boolean(word));
    }
  }
}

/** All numbers of a small tensor, rows apart by a semicolon; the note of a large one; of one whose numbers are still in the kernel, that it has some. */
function brief(summary, texts) {
  if (summary.later) return texts.computed;
  return summary.exact || (summary.texts.length && !summary.note) ? summary.texts.map((row) => row.join("  ")).join(" ; ") : summary.note;
}
