// The graph of the frame that one looks at: as a drawing or as a table, with the details of a node beside it.
import { Details } from "./details.js";
import { h } from "./dom.js";
import { FilmCanvas, markRows } from "./film_canvas.js";
import { memoryAt } from "./memory.js";
import { GraphTable } from "./table.js";

const NOTHING = { tensors: {}, ops: {}, edges: [], order: [], saved: {} };
const STILL = { kind: "start", at: null, flows: [], text: "" }; // nobody steps through this graph

export class FilmPicture {
  /** `onSelect` is told the id of the node that is clicked, or null; `onToggle` the module that is to open or close. */
  constructor(texts, source, { onSelect, onToggle }) {
    Object.assign(this, { texts, source, onSelect, onToggle });
    Object.assign(this, { engine: null, graph: NOTHING, number: null, canvas: null, table: null, selected: null, marks: {}, isTable: false });
    this.drawing = h("div", {});
    this.tables = h("div", { hidden: true });
    this.note = h("p", { class: "reason", hidden: true });
    this.details = this.newDetails();
  }

  newDetails() {
    const fetchWindow = (id, which) => this.source.window(this.number, id, which);
    const select = (id) => this.select(id);
    return new Details(this.graph, this.texts, { fetchWindow, onSelect: select, onToggle: this.onToggle, onClose: () => select(this.selected) });
  }

  /** All that there is to know of this graph. */
  get known() {
    const { values = [], gradients = [] } = this.graph.known ?? {};
    return { values: new Set(values), gradients: new Set(gradients), partly: new Map(), step: STILL, memory: memoryAt(this.graph, [], 0) };
  }

  /** Show the graph of structure `number`, or the words that say why there is none. */
  put({ graph, words }, number) {
    if (this.selected) this.select(this.selected);
    this.canvas?.viewport?.destroy();
    Object.assign(this, { graph: graph ?? NOTHING, number, canvas: null, table: null, marks: {} });
    this.note.textContent = graph?.reason ? `${words} ${graph.reason}` : words;
    this.note.hidden = false;
    const { element } = this.details;
    this.details = this.newDetails();
    element.replaceWith(this.details.element);
    this.drawing.replaceChildren();
    this.tables.replaceChildren();
    if (graph) this.draw(graph);
  }

  /** There will be no drawing: why. */
  fail(words) {
    this.tables.before(h("p", { class: "reason", role: "alert" }, words));
  }

  draw(graph) {
    const select = (id) => this.select(id);
    this.table = new GraphTable(graph, this.texts, select, this.onToggle);
    this.table.element.hidden = false;
    this.tables.append(this.table.element);
    if (this.isTable) this.fill();
    if (!this.engine) return;
    this.canvas = new FilmCanvas(graph, this.texts, { onSelect: select, onToggle: this.onToggle, onSight: () => {} }); // all of it is here
    this.drawing.append(this.canvas.element);
    this.canvas.draw((graph.layout ??= this.engine.exports.layout(graph.dot)));
    this.canvas.apply(this.known);
    const { width, height } = this.canvas.viewport.size;
    this.drawing.closest(".lesson-graph").classList.toggle("wide", width > 1.5 * height);
  }

  /** What appeared in this frame: id → the words at it. */
  mark(marks) {
    this.marks = marks;
    this.canvas?.marked(marks);
    if (this.isTable) this.fill();
  }

  select(id) {
    this.selected = id === this.selected ? null : id;
    this.canvas?.select(this.selected);
    this.details.show(this.selected, this.known);
    this.onSelect(this.selected);
  }

  showTable(isTable) {
    this.isTable = isTable;
    this.drawing.hidden = isTable;
    this.tables.hidden = !isTable;
    if (isTable) this.fill();
  }

  fill() {
    if (!this.table) return;
    this.table.fill();
    this.table.apply(this.known);
    markRows(this.table.rows, this.marks);
  }

  /** After a module was opened or closed: the keyboard is on it again. */
  focus(token) {
    const place = this.canvas?.standing(token);
    if (place) this.canvas.rove(place);
    const target = this.isTable ? this.table?.rows.get(place)?.querySelector("button") : this.canvas?.nodes.get(place);
    target?.focus({ preventScroll: true });
  }

  hasFocus() {
    return this.canvas?.hasFocus() || this.tables.contains(document.activeElement);
  }
}
