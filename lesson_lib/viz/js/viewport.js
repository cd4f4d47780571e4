// Zoom and pan. A graph that is readable as a whole is shown as a whole; a larger one goes along with the steps.
import { select } from "d3-selection";
import "d3-transition";
import { zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import { stillness } from "./theme.js";

const POINT = 4 / 3; // pixels per point: the scale at which text has its natural height
const CLOSE = 1.1; // the scale of a graph that is shown in part
const READABLE = 0.75; // smaller than this, a whole graph cannot be read
const SHORTEST = 150;
const TALLEST = 600;

export class Viewport {
  constructor(element, svg, stage) {
    Object.assign(this, { element, svg });
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    this.size = { width, height };
    for (const name of ["width", "height", "viewBox"]) svg.removeAttribute(name);
    this.origin = stage.getAttribute("transform").match(/translate\(([^)]+)\)/)[1].split(/[ ,]+/).map(Number);
    stage.setAttribute("transform", `translate(${this.origin})`);
    this.lens = document.createElementNS(svg.namespaceURI, "g");
    stage.replaceWith(this.lens);
    this.lens.append(stage);
    this.mode = "whole"; // whole | following | by hand
    this.place = null;
    this.listen();
  }

  listen() {
    // The wheel zooms while the widget has the focus (or with Ctrl); otherwise it scrolls the notebook.
    const wanted = (event) => !event.button && (event.type !== "wheel" || event.ctrlKey || event.metaKey || this.element.matches(":focus-within"));
    this.zoom = zoom().scaleExtent([0.02, 6]).filter(wanted).on("zoom", (event) => {
      this.lens.setAttribute("transform", event.transform);
      if (event.sourceEvent) this.mode = "by hand";
    });
    select(this.svg).call(this.zoom).on("dblclick.zoom", null);
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(this.element);
    this.resize();
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
    else if (this.place) this.centre(this.place, CLOSE, false);
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
    const first = this.place === null;
    this.place = place;
    if (this.mode === "following") this.centre(place, first ? CLOSE : zoomTransform(this.svg).k, !first);
  }

  /** Bring a node into the middle if it is out of sight. */
  reveal(place, node) {
    const [box, frame] = [node.getBoundingClientRect(), this.element.getBoundingClientRect()];
    const seen = box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
    if (!seen) this.centre(place, zoomTransform(this.svg).k, true);
  }

  centre([x, y], scale, smooth) {
    const { clientWidth, clientHeight } = this.element;
    const [left, top] = this.origin;
    this.show(zoomIdentity.translate(clientWidth / 2 - (x + left) * scale, clientHeight / 2 - (y + top) * scale).scale(scale), smooth);
  }

  scaleBy(factor) {
    if (this.mode === "whole") this.mode = "by hand";
    this.target(true).call(this.zoom.scaleBy, factor);
  }

  show(transform, smooth) {
    this.target(smooth).call(this.zoom.transform, transform);
  }

  /** The SVG, or a transition on it where motion is welcome. */
  target(smooth) {
    const svg = select(this.svg);
    return smooth && !stillness() ? svg.transition().duration(250) : svg;
  }

  destroy() {
    this.resizing.disconnect();
  }
}
