// Loss and gradient norm of all frames as two curves, with a sign where the graph changed. A press, or a drag, leads to a frame.
import { h, svg } from "./dom.js";

const [LEFT, RIGHT, TOP, CURVE, GAP] = [124, 16, 8, 44, 10]; // pixels
const INSET = 4; // between a curve and the edge of its box
const NEAR = 4; // pixels within which a press means the change of the graph, not the frame beside it
const ROLES = ["value", "gradient"];

export class TimeLine {
  constructor(film, texts, player, signal) {
    Object.assign(this, { film, texts, player });
    this.bottom = TOP + film.curves.length * (CURVE + GAP) - GAP;
    this.svg = svg("svg", { height: this.bottom + 30, role: "slider", tabindex: 0, "aria-label": texts["time line"], "aria-valuemin": 0, "aria-valuemax": player.last });
    this.element = h("div", { class: "time-line" }, this.svg);
    this.readouts = film.curves.map(() => svg("text", { class: "now", x: LEFT - 10, "text-anchor": "end" }));
    this.hand = svg("g", { class: "hand" }, svg("path", { d: `M0 ${TOP - 6}V${this.bottom}` }), svg("circle", { cy: TOP - 3, r: 4 }));
    const resizing = new ResizeObserver(() => this.draw());
    resizing.observe(this.element);
    signal.addEventListener("abort", () => resizing.disconnect());
    this.svg.addEventListener("pointerdown", (event) => this.press(event));
    this.svg.addEventListener("pointermove", (event) => event.buttons & 1 && this.svg.hasPointerCapture(event.pointerId) && player.go(this.frameAt(event)));
  }

  x(frame) {
    const { last } = this.player;
    return LEFT + 8 + (this.width - LEFT - RIGHT - 16) * (last ? frame / last : 0.5);
  }

  press(event) {
    if (event.button) return;
    event.preventDefault();
    this.svg.focus({ preventScroll: true });
    this.svg.setPointerCapture(event.pointerId);
    this.player.go(this.frameAt(event));
  }

  frameAt(event) {
    const { last } = this.player;
    const across = event.clientX - this.svg.getBoundingClientRect().left;
    const [left, right] = [this.x(0), this.x(last)];
    if (this.isDense()) {
      const turn = this.film.changed.find((frame) => Math.abs(this.x(frame) - across) <= NEAR);
      if (turn !== undefined) return turn;
    }
    return last ? Math.round((last * (across - left)) / (right - left)) : 0;
  }

  /** True if frames lie so close together that a single one is hard to hit. */
  isDense() {
    return this.x(1) - this.x(0) < 2 * NEAR;
  }

  // --- drawing --------------------------------------------------------------------------------------------------------

  draw() {
    this.width = this.element.clientWidth;
    if (!this.width) return;
    this.svg.setAttribute("width", this.width);
    this.svg.replaceChildren(...this.film.curves.flatMap((curve, index) => this.curve(curve, index)), ...this.changes(), ...this.axis(), this.hand);
    this.apply();
  }

  curve({ name, points, low, high, log, wild }, index) {
    const top = TOP + index * (CURVE + GAP);
    const role = ROLES[index];
    const label = (y, words, look) => svg("text", { x: LEFT - 10, y, "text-anchor": "end", class: look }, words);
    let path = "";
    let isUp = true;
    for (const point of points) {
      if (point) {
        const place = `${this.x(point[0]).toFixed(1)} ${(top + CURVE - INSET - point[1] * (CURVE - 2 * INSET)).toFixed(1)}`;
        path += isUp ? `M${place}h0` : `L${place}`;
      }
      isUp = !point;
    }
    this.readouts[index].setAttribute("y", top + 28);
    const signs = wild.map((frame) => svg("path", { class: "wild", d: `M${this.x(frame) - 3.5} ${top + 3}l7 7m0 -7l-7 7` }, svg("title", {}, this.texts["not finite"])));
    const scale = log ? `${low} – ${high} · ${this.texts["log scale"]}` : `${low} – ${high}`;
    return [
      svg("rect", { class: "box", x: LEFT, y: top, width: this.width - LEFT - RIGHT, height: CURVE, rx: 4 }), svg("path", { class: `curve ${role}`, d: path || "M0 0" }), ...signs,
      label(top + 12, this.texts[name], `title ${role}`), this.readouts[index], label(top + CURVE, scale, "range"),
    ];
  }

  changes() {
    return this.film.changed.map((frame) => svg("path", { class: "turn", d: `M${this.x(frame)} ${this.bottom + 1}l-4.5 8h9z` }, svg("title", {}, `${this.texts["graph changed"]}: ${frame}`)));
  }

  axis() {
    const { last } = this.player;
    const words = (x, text, anchor, look = "range") => svg("text", { x, y: this.bottom + 22, "text-anchor": anchor, class: look }, text);
    const legend = this.film.changed.length > 0 && words((this.x(0) + this.x(last)) / 2, `▲ ${this.texts["graph changed"]}`, "middle", "legend");
    return [words(LEFT - 10, this.texts.frame, "end"), words(this.x(0), "0", "middle"), last > 0 && words(this.x(last), String(last), "middle"), legend].filter(Boolean);
  }

  // --- what changes from frame to frame ---------------------------------------------------------------------------------

  apply() {
    const { position, step } = this.player;
    if (this.width) this.hand.setAttribute("transform", `translate(${this.x(position)} 0)`);
    this.svg.setAttribute("aria-valuenow", position);
    this.svg.setAttribute("aria-valuetext", step.text);
  }

  /** The numbers of the frame came from the kernel. */
  tell({ values }) {
    values.forEach((words, index) => (this.readouts[index].textContent = words));
    this.apply();
  }
}
