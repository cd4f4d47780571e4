// The drawing: Graphviz's layout with our cards in it, and what changes from step to step.
import { drawBackflow } from "./backflow.js";
import { markSaved } from "./badges.js";
import { drawings, fillBoxes } from "./boxes.js";
import { markChanged } from "./changed.js";
import { h } from "./dom.js";
import { opLabel, tensorLabel } from "./labels.js";
import { direction } from "./player.js";
import { Viewport } from "./viewport.js";

export class Canvas {
  constructor(graph, texts, onSelect, onToggle) {
    Object.assign(this, { graph, texts, onSelect, onToggle, groups: graph.groups ?? {}, wires: new Set(graph.wires) });
    this.element = h("div", { class: "canvas" });
    this.nodes = new Map(); // id → <g>
    this.places = new Map(); // id → the middle of its box
    Object.assign(this, { order: [], labels: new Map() }); // ids as the keyboard visits them; id → its aria-label
  }

  /** Put the laid-out SVG text on the page. */
  draw(layout, current) {
    const parsed = new DOMParser().parseFromString(layout, "image/svg+xml").documentElement;
    this.svg = document.importNode(parsed, true);
    this.svg.setAttribute("role", "group");
    this.svg.setAttribute("aria-label", this.texts.graph);
    this.stage = this.svg.querySelector("g");
    this.stage.querySelectorAll("title").forEach((title) => title.remove());
    const { drawThose, ...boxes } = fillBoxes(this.graph, this.stage, { onSelect: this.onSelect, onToggle: this.onToggle, onFocus: (id) => this.rove(id) });
    Object.assign(this, boxes);
    this.order = this.graph.order.filter((id) => this.nodes.has(id));
    this.rove(current ?? this.order[0]);
    this.arrows = [...this.stage.querySelectorAll(".flow")];
    this.layer = document.createElementNS(this.svg.namespaceURI, "g");
    this.layer.setAttribute("class", "backflow");
    this.stage.append(this.layer);
    this.element.replaceChildren(this.svg);
    this.viewport = new Viewport(this.element, this.svg, this.stage, (seen) => {
      drawThose(seen);
      this.mark();
    });
  }

  /** Other numbers on the same cards; `layout` if they need other room. */
  redraw(fragments, layout) {
    this.labels.clear();
    if (layout) {
      const { viewport, current } = this;
      viewport.destroy();
      this.draw(layout, current);
      this.viewport.resume(viewport);
    } else for (const [id, drawing] of drawings(fragments)) {
      const group = this.nodes.get(id);
      if (group?.firstChild) group.replaceChildren(drawing); // a box that was out of sight is drawn when it is seen
    }
  }

  mark() {
    this.isMarked = markChanged(this.nodes, this.graph, this.texts, this.known, this.isMarked);
    if (this.known) markSaved(this.nodes, this.graph, this.texts, this.known.memory.states, this.arrows.length > 0);
  }

  /** The id under which the module that `token` opens or closes is drawn now. */
  standing(token) {
    if (this.nodes.has(token)) return token;
    return Object.keys(this.groups).find((id) => this.groups[id].opens === token && this.nodes.has(id));
  }

  /** One node at a time is in the tab order; the arrow keys lead to the others. */
  rove(id) {
    for (const [other, group] of this.nodes) group.setAttribute("tabindex", other === id ? "0" : "-1");
    this.current = id;
  }

  focusNext(by) {
    const index = this.order.indexOf(this.current) + by;
    const id = this.order[Math.min(Math.max(index, 0), this.order.length - 1)];
    this.nodes.get(id).focus({ preventScroll: true });
    this.reveal(id);
  }

  reveal(id) {
    this.viewport.held = true; // a frame that changes its size now stays here
    this.viewport.reveal(this.places.get(id), this.nodes.get(id));
  }

  /** True if the keyboard is on a node of the drawing. */
  hasFocus() {
    return this.svg?.contains(document.activeElement) ?? false;
  }

  // --- what changes from step to step ---------------------------------------------------------------------------

  apply(known) {
    const { step } = (this.known = known);
    const way = direction(step);
    for (const [id, group] of this.nodes) {
      group.classList.toggle("now-forward", step.at === id && way === "forward");
      group.classList.toggle("now-backward", step.at === id && way === "backward");
      const node = this.graph.tensors[id];
      if (node) this.applyTensor(group, id, node, known);
      this.label(group, id, node ? tensorLabel(this.graph, id, known, this.texts, (role) => this.absent(role, id, node, known)) : opLabel(this.graph, id, this.texts));
    }
    this.mark();
    for (const flow of this.arrows) flow.classList.toggle("on", step.flows.includes(flow.id));
    if (!this.arrows.length) drawBackflow(this.layer, this.edges, this.graph, step, this.rows);
    this.graph.edges.forEach(([source, target], number) => {
      const start = this.wires.has(source) ? this.graph.tensors[source].madeBy : source;
      this.edges[number]?.classList.toggle("lit", step.kind === "forward" && (start === step.at || target === step.at));
    });
    if (step === this.followed) return; // only its words are new
    // A folded graph is first seen from its beginning: it is the modules that one wants to see, not the last step.
    const begins = !this.followed && this.wires.size;
    this.viewport.follow(this.places.get(begins ? this.order[0] : step.at ?? this.order[0]));
    this.followed = step;
  }

  /** Only what changed is written: of a thousand labels, two. */
  label(group, id, words) {
    if (this.labels.get(id) === words) return;
    this.labels.set(id, words);
    group.setAttribute("aria-label", words);
  }

  applyTensor(group, id, node, known) {
    const isKnown = { value: known.values.has(id) && node.value, gradient: known.gradients.has(id) && node.gradient };
    for (const role of ["value", "gradient"]) {
      const block = group.querySelector(`.block.${role}`);
      if (!block) continue;
      block.classList.toggle("known", Boolean(isKnown[role]));
      const words = block.querySelector(".absent");
      if (words) words.textContent = this.absent(role, id, node, known);
    }
  }

  absent(role, id, node, known) {
    if (role === "gradient") return known.partly.get(id) ?? this.texts["not computed"];
    if (!known.values.has(id) || node.value) return this.texts["not computed"];
    return this.texts[this.graph.poked?.why[id] ? "not followed" : "not recorded"];
  }

  select(what) {
    const id = this.wires.has(what) ? this.graph.tensors[what].madeBy : what; // a value that is a line
    for (const [other, group] of this.nodes) {
      group.classList.toggle("selected", other === id);
      group.setAttribute("aria-pressed", other === id);
    }
  }
}
