// The drawing: Graphviz's layout with our cards in it, zoom and pan, and what changes from step to step.
import { select } from "d3-selection";
import "d3-transition";
import { zoom, zoomIdentity } from "d3-zoom";
import { h, shapeText } from "./dom.js";
import { drawBackflow } from "./backflow.js";
import { direction } from "./player.js";
import { stillness } from "./theme.js";

const POINT = 4 / 3; // pixels per point: the size at which text has its natural height
const SHORTEST = 150;
const TALLEST = 560;

export class Canvas {
  constructor(graph, texts, onSelect) {
    Object.assign(this, { graph, texts, onSelect });
    this.element = h("div", { class: "canvas" });
    this.nodes = new Map(); // id → <g>
    this.order = []; // ids as the keyboard visits them
    this.fitted = true;
  }

  /** Put the laid-out SVG text on the page. */
  draw(layout) {
    const source = new DOMParser().parseFromString(layout, "image/svg+xml").documentElement;
    this.svg = document.importNode(source, true);
    const [, , width, height] = this.svg.getAttribute("viewBox").split(" ").map(Number);
    this.size = { width, height };
    for (const name of ["width", "height", "viewBox"]) this.svg.removeAttribute(name);
    this.svg.setAttribute("role", "group");
    this.svg.setAttribute("aria-label", this.texts.graph);
    this.stage = select(this.svg).select("g").node();
    this.stage.removeAttribute("transform");
    const shift = document.createElementNS(this.svg.namespaceURI, "g");
    shift.setAttribute("transform", `translate(${this.origin(source)})`);
    shift.append(...this.stage.childNodes);
    this.stage.append(shift);
    this.stage.querySelectorAll("title").forEach((title) => title.remove());
    this.fillBoxes();
    this.arrows = [...this.stage.querySelectorAll(".flow")];
    this.layer = document.createElementNS(this.svg.namespaceURI, "g");
    this.layer.setAttribute("class", "backflow");
    shift.append(this.layer);
    this.element.replaceChildren(this.svg);
    this.enableZoom();
  }

  /** A wide drawing keeps its width when details open: they come under it, not beside it. */
  get isWide() {
    return this.size.width > 1.5 * this.size.height;
  }

  origin(source) {
    return source.querySelector("g").getAttribute("transform").match(/translate\(([^)]+)\)/)[1];
  }

  /** Replace each box of the layout with its card, and make it something one can reach and press. */
  fillBoxes() {
    for (const [id, fragment] of Object.entries(this.graph.fragments)) {
      const group = this.stage.querySelector(`#${id}`);
      const [x, y] = centre(group);
      const drawn = new DOMParser().parseFromString(`<svg xmlns="${this.svg.namespaceURI}">${fragment}</svg>`, "image/svg+xml").documentElement;
      group.replaceChildren(document.importNode(drawn.firstElementChild, true));
      group.setAttribute("transform", `translate(${x} ${y})`);
      const standsFor = this.graph.references[id];
      if (standsFor) {
        group.addEventListener("click", () => this.onSelect(standsFor));
        continue;
      }
      group.setAttribute("role", "button");
      group.setAttribute("tabindex", "-1");
      group.addEventListener("click", () => this.onSelect(id));
      group.addEventListener("focus", () => this.rove(id));
      this.nodes.set(id, group);
    }
    this.order = this.graph.order;
    this.rove(this.order[0]);
  }

  /** One node at a time is in the tab order; the arrow keys lead to the others. */
  rove(id) {
    for (const [other, group] of this.nodes) group.setAttribute("tabindex", other === id ? "0" : "-1");
    this.current = id;
  }

  focusNext(by) {
    const index = this.order.indexOf(this.current) + by;
    const id = this.order[Math.min(Math.max(index, 0), this.order.length - 1)];
    this.nodes.get(id).focus();
  }

  /** True if the keyboard is on a node of the drawing. */
  hasFocus() {
    return this.svg?.contains(document.activeElement) ?? false;
  }

  // --- what changes from step to step ---------------------------------------------------------------------------

  apply(known) {
    const { step } = known;
    const way = direction(step);
    for (const [id, group] of this.nodes) {
      group.classList.toggle("now-forward", step.at === id && way === "forward");
      group.classList.toggle("now-backward", step.at === id && way === "backward");
      const node = this.graph.tensors[id];
      if (node) this.applyTensor(group, id, node, known);
      group.setAttribute("aria-label", node ? this.tensorLabel(id, node, known) : this.opLabel(id));
    }
    for (const flow of this.arrows) flow.classList.toggle("on", step.flows.includes(flow.id));
    if (!this.arrows.length) drawBackflow(this.layer, this.stage, this.graph, step);
    this.graph.edges.forEach(([source, target], number) => {
      this.stage.querySelector(`#e${number}`).classList.toggle("lit", step.kind === "forward" && (source === step.at || target === step.at));
    });
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
    return known.values.has(id) && !node.value ? this.texts["not recorded"] : this.texts["not computed"];
  }

  select(id) {
    for (const [other, group] of this.nodes) {
      group.classList.toggle("selected", other === id);
      group.setAttribute("aria-pressed", other === id);
    }
  }

  tensorLabel(id, node, known) {
    const words = [`${this.texts.tensor} ${node.name}`, shapeText(node.shape, this.texts), this.texts[node.kind]];
    const say = (role, summary, isKnown) => `${this.texts[role]} ${isKnown && summary ? spoken(summary) : this.absent(role, id, node, known)}`;
    words.push(say("value", node.value, known.values.has(id)));
    if (node.kind !== "constant") words.push(say("gradient", node.gradient, known.gradients.has(id)));
    return words.join(", ");
  }

  opLabel(id) {
    return `${this.texts.operation} ${this.graph.ops[id].label}`;
  }

  // --- zoom and pan -------------------------------------------------------------------------------------------------

  enableZoom() {
    this.zoom = zoom()
      .scaleExtent([0.05, 6])
      .filter((event) => !event.button && (event.type !== "wheel" || event.ctrlKey || event.metaKey || this.element.matches(":focus-within")))
      .on("zoom", (event) => {
        this.stage.setAttribute("transform", event.transform);
        if (event.sourceEvent) this.fitted = false;
      });
    select(this.svg).call(this.zoom).on("dblclick.zoom", null);
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(this.element);
    this.resize();
  }

  /** As high as the graph needs at this width, within limits; refitted unless the reader has moved it. */
  resize() {
    const { clientWidth } = this.element;
    if (!clientWidth) return;
    const scale = Math.min(POINT, clientWidth / this.size.width);
    this.element.style.height = `${Math.round(Math.min(Math.max(this.size.height * scale, SHORTEST), TALLEST))}px`;
    if (this.fitted) this.fit(false);
  }

  fit(smooth = true) {
    const { clientWidth, clientHeight } = this.element;
    const { width, height } = this.size;
    const scale = Math.min(POINT, clientWidth / width, clientHeight / height);
    const place = zoomIdentity.translate((clientWidth - width * scale) / 2, (clientHeight - height * scale) / 2).scale(scale);
    this.target(smooth).call(this.zoom.transform, place);
    this.fitted = true;
  }

  scaleBy(factor) {
    this.fitted = false;
    this.target(true).call(this.zoom.scaleBy, factor);
  }

  /** The SVG, or a transition on it where motion is welcome. */
  target(smooth) {
    const svg = select(this.svg);
    return smooth && !stillness() ? svg.transition().duration(250) : svg;
  }

  destroy() {
    this.resizing?.disconnect();
  }
}

/** The middle of the box or circle that Graphviz drew. */
function centre(group) {
  const ellipse = group.querySelector("ellipse");
  if (ellipse) return [Number(ellipse.getAttribute("cx")), Number(ellipse.getAttribute("cy"))];
  const points = group.querySelector("polygon").getAttribute("points").trim().split(/\s+/).map((pair) => pair.split(",").map(Number));
  const middle = (axis) => (Math.min(...points.map((p) => p[axis])) + Math.max(...points.map((p) => p[axis]))) / 2;
  return [middle(0), middle(1)];
}

/** A summary in words: its number if there is only one, else all of a few, else its note. */
function spoken(summary) {
  const numbers = summary.texts.flat();
  if (!summary.exact) return summary.note;
  return new Set(numbers).size === 1 ? numbers[0] : numbers.join(" ");
}
