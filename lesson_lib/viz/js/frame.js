// The frame of a widget: where its parts stand, its colours, and whose the keys are.
import { h } from "./dom.js";
import { ownLetters } from "./keys.js";
import { followTheme } from "./theme.js";

/** Put `root` and the sentence that is said into the widget's element. */
export function place(el, root, said, palette, signal) {
  ownLetters(root);
  followTheme(root, palette, signal);
  el.classList.add("lesson-graph-host");
  el.replaceChildren(root, said);
}

/** A picture with all its controls, and what is to be said beneath it. */
export function frame(graph, texts, language, { toolbar, help, canvas, table, naive, strip, details, poke, panel }) {
  const stage = h("div", { class: "stage" }, canvas.element, table.element);
  return h("div", { class: "lesson-graph", lang: language },
    toolbar.element, help.element,
    h("div", { class: "main" }, stage, h("div", { class: "below" }, naive.element, strip.element), details.element),
    poke.element, panel.element,
    graph.reason && h("p", { class: "reason" }, graph.reason), graph.offline && h("p", { class: "reason" }, texts.offline));
}
