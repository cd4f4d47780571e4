// GraphView: one graph to step through. Puts the parts together and connects them with the kernel and the keyboard.
import { Canvas } from "./canvas.js";
import { Details } from "./details.js";
import { fill, h } from "./dom.js";
import { Folding } from "./folding.js";
import { kernel, tell } from "./kernel.js";
import { takePlaces } from "./place.js";
import { Player } from "./player.js";
import { Poke } from "./poke.js";
import { Strip } from "./strip.js";
import { GraphTable } from "./table.js";
import { followTheme } from "./theme.js";
import { Toolbar } from "./toolbar.js";

export default {
  initialize({ model, signal }) {
    takePlaces(model, signal);
  },
  async render({ model, el, host, signal }) {
    const folding = new Folding(model, el, (life, ends) => build({ model, el, host, signal: ends }, life));
    await folding.start(signal);
  },
};

/** One picture with all its controls; `folding` is told which module to open. */
async function build({ model, el, host, signal }, folding) {
  const graph = model.get("data");
  const texts = folding.texts;
  const player = new Player(graph.steps, model.get("position"));
  let selected = null;
  let isTable = false;
  let engine = null;

  const select = (id) => {
    selected = id === selected ? null : id;
    refreshSelection();
    model.set("selected", selected ?? "");
    model.save_changes();
  };
  const toggle = (id) => folding.toggle(id);
  const canvas = new Canvas(graph, texts, select, toggle);
  const strip = new Strip(graph, texts);
  const table = new GraphTable(graph, texts, select, toggle);
  const ask = kernel(model, signal);
  const poke = new Poke(model, graph, texts, signal, { arrived, say: (words) => folding.say(words) });
  const details = new Details(graph, texts, { fetchWindow: ask.window, onPoke: (change) => poke.ask(change), onSelect: select, onToggle: toggle, onClose: () => select(selected) });
  const actions = { zoom: (factor) => canvas.viewport?.scaleBy(factor), fit: () => canvas.viewport?.fit(), toggleTable, speak: () => folding.speak(), otherLanguage: () => folding.other };
  const toolbar = new Toolbar(player, texts, actions);

  const root = h("div", { class: "lesson-graph", lang: folding.language, "data-lm-suppress-shortcuts": "true" },
    toolbar.element, h("div", { class: "main" }, h("div", { class: "stage" }, canvas.element, table.element), strip.element, details.element),
    poke.element,
    graph.reason && h("p", { class: "reason" }, graph.reason));
  followTheme(root, graph.palette, signal);
  el.classList.add("lesson-graph-host");
  el.replaceChildren(root, folding.said);

  function refreshSelection() {
    canvas.select(selected);
    details.show(selected, player.known());
  }
  function refresh() {
    const known = player.known();
    if (player.step.later) ask.step(player.position).then((told) => told && tell(graph, told) === player.position && refresh()).catch(() => {});
    toolbar.apply();
    strip.apply(known);
    if (canvas.svg) canvas.apply(known);
    if (isTable) table.apply(known);
    if (selected) details.show(selected, known);
  }
  /** Other numbers came: the same picture with them. */
  function arrived({ fragments, dot, windows }) {
    ask.renew(windows);
    player.take(graph.steps);
    if (canvas.svg) canvas.redraw(fragments, dot && engine.exports.layout(dot));
    canvas.select(selected);
    refresh();
  }
  function toggleTable() {
    isTable = folding.isTable = !isTable;
    canvas.element.hidden = isTable;
    table.element.hidden = !isTable;
    if (isTable) {
      table.fill();
      table.apply(player.known());
    }
    toolbar.showTable(isTable);
  }

  player.addEventListener("step", () => {
    refresh();
    model.set("position", player.position);
    model.save_changes();
  });
  const follow = () => model.get("data") === graph && player.go(model.get("position"));
  model.on("change:position", follow);
  signal.addEventListener("abort", () => model.off("change:position", follow));
  root.addEventListener("keydown", (event) => onKey(event, { player, canvas, select, actions, selected, isTable, toggle, graph }));
  signal.addEventListener("abort", () => {
    player.pause();
    canvas.viewport?.destroy();
  });

  try {
    engine = await host.getWidget(model.get("engine"));
    canvas.draw(engine.exports.layout(graph.dot));
    // A wide drawing keeps its width when details open: they come under it, not beside it.
    root.classList.toggle("wide", canvas.viewport.size.width > 1.5 * canvas.viewport.size.height);
  } catch (error) {
    canvas.element.replaceChildren(h("p", { class: "reason", role: "alert" }, fill(texts.failed, { error: error.message })));
    toggleTable();
  }
  if (folding.isTable && !isTable) toggleTable();
  refresh();
  if (graph.tensors[folding.keeps] ?? graph.ops[folding.keeps]) select(folding.keeps);
  return { canvas, table, root, selected: () => selected };
}

/** Keys that mean the same wherever the focus is in the widget. */
function onKey(event, { player, canvas, select, actions, selected, isTable, toggle, graph }) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = {
    ArrowLeft: () => player.move(-1),
    ArrowRight: () => player.move(1),
    Home: () => player.go(0),
    End: () => player.go(player.last),
    p: () => player.toggle(),
    t: actions.toggleTable,
    l: actions.speak,
    Escape: () => selected && select(selected),
    ...(!isTable && { "+": () => actions.zoom(1.3), "-": () => actions.zoom(1 / 1.3), 0: actions.fit }),
    ...(canvas.hasFocus() && {
      ArrowUp: () => canvas.focusNext(-1),
      ArrowDown: () => canvas.focusNext(1),
      Enter: () => (graph.groups?.[canvas.current] ? toggle : select)(canvas.current),
      o: () => toggle(graph.groups?.[canvas.current] ? canvas.current : graph.places?.[canvas.current]),
      " ": () => select(canvas.current),
    }),
  };
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}
