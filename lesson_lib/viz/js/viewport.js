// Zoom and pan. A graph that is readable as a whole is shown as a whole; a larger one goes along with the steps.
import { select } from "d3-selection";
import "d3-transition";
import { zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import { within } from "./dom.js";
import { sight } from "./sight.js";
import { stillness } from "./theme.js";

const POINT = 4 / 3; // pixels per point: the scale at which text has its natural height
const CLOSE = 1.1; // the scale of a graph that is shown in part
const READABLE = 0.75; // smaller than this, a whole graph cannot be read
const [SHORTEST, TALLEST] = [150, 600]; // pixels of height

export class Viewport {
  /** `onMove` is told what is in sight: a function from a place to true or false. A `heavy` drawing jumps: each frame of a flight would lay it out anew. */
  constructor(element, svg, stage, onMove, heavy) {
    Object.assign(this, { element, svg, onMove, heavy });
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    this.size = { width, height };
    for (const name of ["width", "height", "viewBox"]) svg.removeAttribute(name);
    this.origin = stage.getAttribute("transform").match(/translate\(([^)]+)\)/)[1].split(/[ ,]+/).map(Number);
    stage.setAttribute("transform", `translate(${this.origin})`);
    stage.replaceWith((this.lens = document.createElementNS(svg.namespaceURI, "g")));
    this.lens.append(stage);
    this.scale = CLOSE; // where a movement leads to; on the way the transform has others
    this.mode = "whole"; // whole | following | by hand
    this.place = null;
    this.listen();
  }

  listen() {
    // The wheel zooms while the widget has the focus (or with Ctrl); otherwise it scrolls the notebook.
    const wanted = (event) => !event.button && (event.type !== "wheel" || event.ctrlKey || event.metaKey || this.element.matches(":focus-within"));
    this.zoom = zoom().scaleExtent([0.02, 6]).filter(wanted).on("zoom", (event) => {
      this.lens.setAttribute("transform", event.transform);
      this.onMove(sight(this, event.transform));
      if (!event.sourceEvent) return;
      this.mode = "by hand";
      this.scale = event.transform.k;
    });
    select(this.svg).call(this.zoom).on("dblclick.zoom", null);
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(this.element);
    this.resize();
  }

  /** Draw what is in sight, since more of it came. */
  look() {
    this.onMove(sight(this, zoomTransform(this.svg)));
  }

  /** As high as the graph needs at this width, within limits. */
  resize() {
    const { clientWidth } = this.element;
    if (!clientWidth) return;
    const scale = Math.min(POINT, clientWidth / this.size.width);
    this.element.style.height = `${Math.round(Math.min(Math.max(this.size.height * scale, SHORTEST), TALLEST))}px`;
    if (this.mode === "by hand") return;
    this.mode = this.scaleOfWhole() < READABLE ? "following" : "whole";
    if (this.mode === "whole") this.fit(false);
    else if (this.place && !this.held) this.centre(this.place, CLOSE, false);
  }

  scaleOfWhole() {
    const { clientWidth, clientHeight } = this.element;
    return Math.min(POINT, clientWidth / this.size.width, clientHeight / this.size.height);
  }

  /** The whole graph. */
  fit(smooth = true) {
    const { clientWidth, clientHeight } = this.element;
    const { width, height } = this.size;
    const scale = this.scaleOfWhole();
    this.show(zoomIdentity.translate((clientWidth - width * scale) / 2, (clientHeight - height * scale) / 2).scale(scale), smooth);
    this.mode = "whole";
  }

  /** `place` is where the step is: bring it into the middle, if the graph is shown in part. */
  follow(place) {
    const before = this.place;
    this.place = place;
    this.held = false;
    if (this.mode !== "following") return;
    const { clientWidth, clientHeight } = this.element;
    // A long way is a jump: flying over a thousand nodes would draw them all.
    const near = before && Math.abs(place[0] - before[0]) * this.scale < clientWidth && Math.abs(place[1] - before[1]) * this.scale < clientHeight;
    this.centre(place, this.scale, Boolean(near));
  }

  /** Bring a node into the middle if it is out of sight. */
  reveal(place, node) {
    const [box, frame] = [node.getBoundingClientRect(), this.element.getBoundingClientRect()];
    const seen = box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
    if (!seen) this.centre(place, zoomTransform(this.svg).k, true);
  }

  /** What `hold` needs to know of the picture before. */
  state() {
    return { scale: this.mode === "whole" ? zoomTransform(this.svg).k : this.scale };
  }

  /** After the picture was made anew: the same scale, and `node` where `box` was; if the whole is readable, the whole. */
  hold({ scale }, box, node) {
    if (this.mode === "whole") return;
    this.held = true;
    const wanted = (this.scale = Math.max(scale, READABLE));
    select(this.svg).call(this.zoom.scaleTo, wanted);
    const now = node.getBoundingClientRect();
    const frame = this.element.getBoundingClientRect();
    const [left, top] = [Math.min(box.left, frame.right - 80), Math.min(box.top, frame.bottom - 80)];
    select(this.svg).call(this.zoom.translateBy, (left - now.left) / wanted, (top - now.top) / wanted);
  }

  /** The same part of the picture as another Viewport shows, at the same scale. */
  resume({ mode, scale, place, held, svg }) {
    this.place = place;
    if (mode === "whole") return;
    Object.assign(this, { mode, scale, held });
    this.show(zoomTransform(svg), false);
  }

  centre([x, y], scale, smooth) {
    const { clientWidth, clientHeight } = this.element;
    const [left, top] = this.origin;
    const { width, height } = this.size;
    const across = within(clientWidth / 2 - (x + left) * scale, clientWidth - width * scale);
    const down = within(clientHeight / 2 - (y + top) * scale, clientHeight - height * scale);
    this.show(zoomIdentity.translate(across, down).scale(scale), smooth);
  }

  scaleBy(factor) {
    if (this.mode === "whole") this.mode = "by hand";
    this.scale = zoomTransform(this.svg).k * factor;
    this.target(true).call(this.zoom.scaleBy, factor);
  }

  panBy(right, down) {
    Object.assign(this, { mode: "by hand", scale: zoomTransform(this.svg).k });
    select(this.svg).call(this.zoom.translateBy, right / this.scale, down / this.scale);
  }

  show(transform, smooth) {
    this.target(smooth).call(this.zoom.transform, transform);
  }

  /** The SVG, or a transition on it where motion is welcome. */
  target(smooth) {
    const svg = select(this.svg);
    return smooth && !this.heavy && !stillness() ? svg.transition().duration(250) : svg;
  }

  destroy() {
    this.resizing.disconnect();
  }
}
