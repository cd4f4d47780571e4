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
    const head = ["name", "kind", "from", "shape", "value", "gradient", "is saved"].map((key) => h("th", { scope: "col" }, texts[key]));
    const body = graph.order.map((id) => (graph.groups?.[id] ? this.groupRow(id) : this.row(id, onSelect)));
    this.element.append(h("table", { "aria-label": texts.graph }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)));
  }

  row(id, onSelect) {
    const node = this.graph.tensors[id] ?? this.graph.ops[id];
    const isTensor = id in this.graph.tensors;
    const from = isTensor ? [node.madeBy].filter(Boolean) : this.graph.edges.filter(([, target]) => target === id).map(([source]) => source);
    const names = from.map((other) => (this.graph.tensors[other] ?? this.graph.ops[other]).name).join(", ");
    const row = h("tr", { class: isTensor ? node.kind : "operation" },
      this.nameCell(id, h("button", { type: "button", class: "link", onclick: () => onSelect(id) }, node.label ?? node.name), markWords(this.graph, id)),
      h("td", {}, isTensor ? this.texts[node.kind] : this.texts.operation),
      h("td", {}, names), h("td", {}, isTensor ? shapeText(node.shape, this.texts) : ""),
      h("td", { class: "value" }), h("td", { class: "gradient" }), h("td", { class: "memory" }));
    this.rows.set(id, row);
    return row;
  }

  /** A module: its name opens and closes it. */
  groupRow(id) {
    const group = this.graph.groups[id];
    const button = h("button", { type: "button", class: "link", "aria-expanded": String(group.open), onclick: () => this.onToggle(id) }, `${group.open ? "▾" : "▸"} ${group.name}`);
    const name = this.nameCell(id, button, markWords(this.graph, id));
    const row = h("tr", { class: "module" }, name, h("td", {}, this.texts.module), h("td", {}, group.path), h("td", { colspan: group.open ? 4 : 3 }, group.facts), !group.open && h("td", { class: "memory" }));
    this.rows.set(id, row);
    return row;
  }

  /** The first cell, further right the deeper in modules it stands. */
  nameCell(id, button, mark) {
    const cell = h("th", { scope: "row" }, button, mark && h("b", { class: "mark-word" }, mark));
    let depth = 0;
    for (let at = this.graph.places?.[id]; at; at = this.graph.places[at]) depth += 1;
    if (depth) cell.style.paddingLeft = `${12 + 16 * depth}px`;
    return cell;
  }

  apply(known) {
    for (const [id, row] of this.rows) {
      const now = known.step.at === id;
      row.toggleAttribute("aria-current", now);
      if (now) row.setAttribute("aria-current", "step");
      row.dataset.now = now ? direction(known.step) : "";
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
      value: !known.values.has(id) ? texts["not computed"] : node.value ? brief(node.value) : unknown,
      gradient: node.kind === "constant" ? "" : known.gradients.has(id) && node.gradient ? brief(node.gradient) : known.partly.get(id) ?? texts["not computed"],
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

/** All numbers of a small tensor, rows apart by a semicolon; the note of a large one. */
function brief(summary) {
  return summary.exact ? summary.texts.map((row) => row.join("  ")).join(" ; ") : summary.note;
}
