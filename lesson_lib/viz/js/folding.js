// Modules that open and close. The kernel sends the graph with another module open; here the picture is made anew around it.
import { h } from "./dom.js";
import { PATIENCE } from "./kernel.js";

/** Runs `build` now and whenever the kernel sends another folding of the graph; each picture has a signal that ends with it. */
export class Folding {
  constructor(model, element, build) {
    Object.assign(this, { model, element, build });
    this.said = h("p", { class: "said", role: "status", "aria-live": "polite" });
    this.isTable = false; // outlives the picture, as does
    this.left = null; // where the module that was pressed stood, and whether the keyboard was in the picture
  }

  async start(signal) {
    const refold = () => this.picture();
    this.model.on("change:data", refold);
    signal.addEventListener("abort", () => {
      this.model.off("change:data", refold);
      this.life.abort();
    });
    await this.picture();
  }

  /** Make the picture of the graph as it is folded now. */
  async picture() {
    this.leave();
    clearTimeout(this.waiting);
    this.said.classList.remove("seen");
    this.life?.abort();
    this.life = new AbortController();
    const { signal } = this.life;
    const picture = await this.build(this, signal);
    if (signal.aborted) return;
    this.shown = picture;
    this.arrive(this.model.get("data"));
  }

  /** Ask the kernel to open or close a module. */
  toggle(id) {
    const { groups, texts } = this.model.get("data");
    if (!groups?.[id]) return;
    this.model.send({ type: "toggle", id: groups[id].opens });
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      this.said.textContent = texts.unreachable;
      this.said.classList.add("seen");
    }, PATIENCE);
  }

  leave() {
    const canvas = this.shown?.canvas;
    const id = this.model.get("data").toggled;
    if (!canvas?.svg || !id) return;
    const place = canvas.nodes.get(canvas.standing(id));
    this.left = { box: place?.getBoundingClientRect(), focused: this.shown.root.contains(document.activeElement), scale: canvas.viewport.state() };
  }

  /** The module stays where it was on the screen, and the keyboard stays on it. */
  arrive(graph) {
    if (!this.left) return;
    const { canvas, table } = this.shown;
    const id = canvas.standing(graph.toggled);
    const { box, focused, scale } = this.left;
    if (canvas.svg && id) {
      if (box && !this.isTable) canvas.viewport.hold(scale, box, canvas.nodes.get(id));
      canvas.rove(id);
      if (focused) (this.isTable ? table.rows.get(id).querySelector("button") : canvas.nodes.get(id)).focus({ preventScroll: true });
    }
    this.said.textContent = graph.said;
    this.left = null;
  }
}

/** A heading or box in words: its name, whether it is open, and what is in it. */
export function groupLabel(group, texts) {
  return `${texts.module} ${group.name}, ${texts[group.open ? "is open" : "is closed"]}, ${group.facts}`;
}
