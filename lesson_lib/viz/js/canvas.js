// The drawing: Graphviz's layout with our cards in it, and what changes from step to step.
import { Backflow } from "./backflow.js";
import { markSaved } from "./badges.js";
import { bare, fillBoxes } from "./boxes.js";
import { markChanged } from "./changed.js";
import { h } from "./dom.js";
import { edgeEnds } from "./edges.js";
import { absent, opLabel, tensorLabel } from "./labels.js";
import { direction, touched } from "./player.js";
import { Viewport } from "./viewport.js";

export class Canvas {
  /** `onSight` is told the ids of what is in sight, whenever that may be others. */
  constructor(graph, texts, { onSelect, onToggle, onSight }) {
    Object.assign(this, { graph, texts, onSelect, onToggle, onSight, groups: graph.groups ?? {}, wires: new Set(graph.wires) });
    this.element = h("div", { class: "canvas" });
    this.nodes = new Map(); // id → <g>
    this.places = new Map(); // id → the middle of its box
    Object.assign(this, { order: [], labels: new Map() }); // ids as the keyboard visits them; id → its aria-label
  }

  /** Put the laid-out SVG text on the page. */
  draw(layout, current) {
    this.svg = document.adoptNode(new DOMParser().parseFromString(bare(layout), "image/svg+xml").documentElement);
    this.svg.setAttribute("role", "group");
    this.svg.setAttribute("aria-label", this.texts.graph);
    this.stage = this.svg.querySelector("g");
    Object.assign(this, fillBoxes(this.graph, this.stage, { onSelect: this.onSelect, onToggle: this.onToggle, onFocus: (id) => this.rove(id) }));
    Object.assign(this, { applied: null, chosen: null, lit: [], ends: edgeEnds(this) });
    this.order = this.graph.order.filter((id) => this.nodes.has(id));
    this.rove(current ?? this.order[0]);
    this.backflow = new Backflow(this.graph, this.edges, this.rows);
    this.arrows = [...this.stage.querySelectorAll(".flow")];
    this.stage.append(this.backflow.layer);
    this.element.replaceChildren(this.svg);
    this.viewport = new Viewport(this.element, this.svg, this.stage, (seen) => this.look(seen), this.boxes.areMany);
  }

  /** Draw what is in sight, and tell what of it is not here. */
  look(seen) {
    const fresh = this.boxes.look(seen);
    if (fresh.length && this.known) {
      for (const id of fresh) this.refresh(id);
      this.mark();
    }
    this.onSight(this.boxes.sight);
  }

  /** Other numbers on the same cards; `layout` if they need other room. */
  redraw(fragments, layout) {
    this.labels.clear();
    this.applied = null;
    if (layout) {
      const { viewport, current } = this;
      viewport.destroy();
      this.draw(layout, current);
      this.viewport.resume(viewport);
    } else this.boxes.redraw(fragments);
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
    this.nodes.get(this.current)?.setAttribute("tabindex", "-1");
    this.nodes.get(id)?.setAttribute("tabindex", "0");
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
    for (const id of touched(this.applied, known) ?? this.nodes.keys()) this.refresh(id);
    this.applied = known;
    this.mark();
    for (const flow of this.arrows) flow.classList.toggle("on", step.flows.includes(flow.id));
    if (!this.arrows.length) this.backflow.draw(step);
    for (const line of this.lit) line.classList.remove("lit");
    this.lit = (step.kind === "forward" && this.ends.get(step.at)) || [];
    for (const line of this.lit) line.classList.add("lit");
    if (step === this.followed) return; // only its words are new
    // A folded graph is first seen from its beginning: it is the modules that one wants to see, not the last step.
    const begins = !this.followed && this.wires.size;
    const first = (this.graph.failure && Object.keys(this.graph.marks)[0]) ?? this.order[0]; // beneath an error: what failed
    this.viewport.follow(this.places.get(begins ? this.order[0] : step.at ?? first));
    this.followed = step;
  }

  /** Show one node as it is known now. */
  refresh(id) {
    const { known } = this;
    const group = this.nodes.get(id);
    if (!group) return; // a line, or a stand-in
    const way = known.step.at === id && direction(known.step);
    group.classList.toggle("now-forward", way === "forward");
    group.classList.toggle("now-backward", way === "backward");
    const node = this.graph.tensors[id];
    if (node) this.applyTensor(group, id, node, known);
    this.label(group, id, node ? tensorLabel(this, id, node) : opLabel(this, id));
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
      if (words) words.textContent = absent(this, role, id, node);
    }
  }

  select(what) {
    const id = this.wires.has(what) ? this.graph.tensors[what].madeBy : what; // a value that is a line
    for (const [node, isPressed] of [[this.nodes.get(this.chosen), false], [this.nodes.get(id), true]]) {
      node?.classList.toggle("selected", isPressed);
      node?.setAttribute("aria-pressed", isPressed);
    }
    this.chosen = id;
  }
}
