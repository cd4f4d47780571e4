// Modules that open and close. The kernel sends the graph with another module open, or the same in another language; here the picture is made anew around it.
import { h } from "./dom.js";
import { PATIENCE } from "./kernel.js";
import { nextLanguage, speakNext } from "./language.js";
import { listen } from "./listen.js";

/** Runs `build` now and whenever the kernel sends another folding of the graph; each picture has a signal that ends with it. */
export class Folding {
  constructor(model, element, build) {
    Object.assign(this, { model, element, build });
    this.said = h("p", { class: "said", role: "status", "aria-live": "polite" });
    this.isTable = this.isHelped = false; // outlive the picture, as does
    this.left = null; // where the module that was pressed stood, and whether the keyboard was in the picture
    this.pressed = null; // the button that the keyboard is on
    this.wanted = null; // what is looked for in the picture that comes
    this.walked = null; // the node that it is on; elsewhere in the widget: ""
  }

  async start(signal) {
    listen(this.model, signal, { "change:data": () => this.picture(), "change:language": () => this.picture(false) });
    signal.addEventListener("abort", () => this.life.abort());
    await this.picture();
  }

  get language() {
    return this.model.get("language");
  }

  get texts() {
    return this.model.get("texts")[this.language];
  }

  /** The language that a press on the button leads to: {code, name}. */
  get other() {
    return nextLanguage(this.model);
  }

  speak() {
    speakNext(this.model);
  }

  /** Make the picture of the graph as it is folded now. */
  async picture(folds = true) {
    this.pressed = this.shown?.root.querySelector("[data-action]:focus")?.dataset.action ?? this.pressed;
    if (this.shown?.root.contains(document.activeElement)) this.walked = this.shown.canvas?.hasFocus() ? this.shown.canvas?.current : "";
    if (folds && !this.wanted) this.leave();
    this.keeps = this.left ? null : this.shown?.selected();
    this.said.lang = this.language;
    clearTimeout(this.waiting);
    this.said.classList.remove("seen");
    this.life?.abort();
    this.life = new AbortController();
    const { signal } = this.life;
    const picture = await this.build(this, signal);
    if (signal.aborted) return;
    this.shown = picture;
    if (!this.left && !this.wanted) this.refocus(picture);
    this.pressed = this.walked = null;
    this.arrive(this.model.get("data"));
  }

  /** The keyboard stays in the widget, on what it was on, if that is still there. */
  refocus({ root, canvas }) {
    const action = root.querySelector(`[data-action="${this.pressed ?? "language"}"]`);
    const place = this.pressed === null && this.walked !== null ? canvas?.nodes.get(this.walked) ?? action : this.pressed !== null && action;
    if (place) place.focus({ preventScroll: true });
    if (canvas?.nodes.has(this.walked)) canvas.rove(this.walked);
  }

  /** Ask the kernel to open or close a module. */
  toggle(id) {
    const { groups } = this.model.get("data");
    if (!groups?.[id]) return;
    if (groups[id].fixed) return this.lost(); // a saved page has no picture with it
    this.model.send({ type: "toggle", id: groups[id].opens });
    this.wait();
  }

  /** Ask the kernel to open the modules around something, and look at it then. */
  reveal(wanted) {
    this.wanted = wanted;
    this.model.send({ type: "reveal", id: wanted.id });
    this.wait();
  }

  wait() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.lost(), PATIENCE);
  }

  lost() {
    this.wanted = null;
    this.said.textContent = this.texts.unreachable;
    this.said.classList.add("seen");
  }

  /** Say a sentence aloud; `isSeen`: and write it under the picture. */
  say(words, isSeen = false) {
    this.said.classList.toggle("seen", isSeen);
    this.said.textContent = words;
  }

  /** What was selected before, or is looked for, in the picture that is here now. */
  resume(graph, { select, look }) {
    if (graph.tensors[this.keeps] ?? graph.ops[this.keeps]) select(this.keeps);
    if (this.wanted) look(this.wanted.id, this.wanted.how, true);
    this.wanted = null;
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
