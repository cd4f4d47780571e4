// CompareView: two graphs side by side, each a view as everywhere else, and beneath them what is different, to choose from.
import { fill, h } from "./dom.js";
import { place } from "./frame.js";
import { nextLanguage, speakNext } from "./language.js";
import { listen } from "./listen.js";
import { PickList } from "./picks.js";
import { widget } from "./widget.js";

export default widget(async ({ model, el, signal }) => {
  const manager = model.widget_manager;
  const graphs = await Promise.all(model.get("sides").map((id) => manager.get_model(id)));
  const views = await Promise.all(graphs.map((graph) => manager.create_view(graph)));
  signal.addEventListener("abort", () => views.forEach((view) => view.remove()));
  const titles = views.map(() => h("h3", {}));
  const sides = views.map((view, side) => h("div", { class: "side" }, titles[side], view.el));
  const said = h("p", { class: "said", role: "status", "aria-live": "polite" });
  const sentence = h("p", { class: "summary" });
  const differences = h("div", {});
  const root = h("div", { class: "lesson-graph compare" }, h("div", { class: "sides" }, sides), sentence, differences);
  place(el, root, said, model.get("data").palette, signal);

  const state = {}; // which difference is chosen
  let list = null;
  /** Both graphs show where they differ: one its own operations, the other the place where it has none. */
  const choose = ({ near, own }) => graphs.forEach((graph, side) => near[side] && graph.trigger("look", near[side], own[side]));
  const fillIn = () => {
    const language = model.get("language");
    const texts = model.get("texts")[language];
    const data = model.get("data");
    const held = differences.querySelector("[data-action]:focus")?.dataset.action;
    root.lang = said.lang = language;
    data.titles.forEach((title, side) => (titles[side].textContent = title));
    sentence.textContent = data.sentence;
    list = new PickList(data.picks, texts, { choose, state, say: (words) => (said.textContent = words) });
    const other = nextLanguage(model);
    const speak = fill(texts["other language"], { name: other.name });
    list.element.firstChild.append(
      h("button", { type: "button", class: "more", title: speak, "aria-label": speak, "data-action": "language", onclick: () => speakNext(model) }, h("span", { lang: other.code }, other.name)));
    differences.replaceChildren(list.element);
    if (held) differences.querySelector(`[data-action="${held}"]`)?.focus({ preventScroll: true });
  };
  fillIn();
  listen(model, signal, { "change:data": fillIn, "change:language": fillIn });
  root.addEventListener("keydown", (event) => {
    const action = !event.ctrlKey && !event.metaKey && !event.altKey && { ...list.keys, l: () => speakNext(model) }[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  });
});
