// GraphView: one graph to step through. Puts the parts together and connects them with the kernel and the keyboard.
import { Canvas } from "./canvas.js";
import { Details } from "./details.js";
import { fill, h } from "./dom.js";
import { Player } from "./player.js";
import { Strip } from "./strip.js";
import { GraphTable } from "./table.js";
import { followTheme } from "./theme.js";
import { Toolbar } from "./toolbar.js";

const PATIENCE = 5000; // milliseconds until an unanswered request counts as lost

export default {
  async render({ model, el, host, signal }) {
    const graph = model.get("data");
    const { texts } = graph;
    const player = new Player(graph.steps, model.get("position"));
    let selected = null;
    let isTable = false;

    const select = (id) => {
      selected = id === selected ? null : id;
      refreshSelection();
      model.set("selected", selected ?? "");
      model.save_changes();
    };
    const canvas = new Canvas(graph, texts, select);
    const strip = new Strip(graph, texts);
    const table = new GraphTable(graph, texts, select);
    const details = new Details(graph, texts, { fetchWindow: fetcher(model, signal), onSelect: select, onClose: () => select(selected) });
    const actions = { zoom: (factor) => canvas.viewport?.scaleBy(factor), fit: () => canvas.viewport?.fit(), toggleTable };
    const toolbar = new Toolbar(player, texts, actions);

    const root = h("div", { class: "lesson-graph", "data-lm-suppress-shortcuts": "true" },
      toolbar.element, h("div", { class: "main" }, h("div", { class: "stage" }, canvas.element, table.element), strip.element, details.element),
      graph.reason && h("p", { class: "reason" }, graph.reason));
    followTheme(root, graph.palette, signal);
    el.classList.add("lesson-graph-host");
    el.replaceChildren(root);

    function refreshSelection() {
      canvas.select(selected);
      details.show(selected, player.known());
    }
    function refresh() {
      const known = player.known();
      toolbar.apply();
      strip.apply(known);
      if (canvas.svg) canvas.apply(known);
      table.apply(known);
      if (selected) details.show(selected, known);
    }
    function toggleTable() {
      isTable = !isTable;
      canvas.element.hidden = isTable;
      table.element.hidden = !isTable;
      toolbar.showTable(isTable);
    }

    player.addEventListener("step", () => {
      refresh();
      model.set("position", player.position);
      model.save_changes();
    });
    model.on("change:position", () => player.go(model.get("position")));
    root.addEventListener("keydown", (event) => onKey(event, { player, canvas, select, actions, selected, isTable }));
    signal.addEventListener("abort", () => {
      player.pause();
      canvas.viewport?.destroy();
    });

    try {
      const engine = await host.getWidget(model.get("engine"));
      canvas.draw(engine.exports.layout(graph.dot));
      // A wide drawing keeps its width when details open: they come under it, not beside it.
      root.classList.toggle("wide", canvas.viewport.size.width > 1.5 * canvas.viewport.size.height);
    } catch (error) {
      canvas.element.replaceChildren(h("p", { class: "reason", role: "alert" }, fill(texts.failed, { error: error.message })));
      toggleTable();
    }
    refresh();
  },
};

/** Keys that mean the same wherever the focus is in the widget. */
function onKey(event, { player, canvas, select, actions, selected, isTable }) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = {
    ArrowLeft: () => player.move(-1),
    ArrowRight: () => player.move(1),
    Home: () => player.go(0),
    End: () => player.go(player.last),
    p: () => player.toggle(),
    t: actions.toggleTable,
    Escape: () => selected && select(selected),
    ...(!isTable && { "+": () => actions.zoom(1.3), "-": () => actions.zoom(1 / 1.3), 0: actions.fit }),
    ...(canvas.hasFocus() && {
      ArrowUp: () => canvas.focusNext(-1),
      ArrowDown: () => canvas.focusNext(1),
      Enter: () => select(canvas.current),
      " ": () => select(canvas.current),
    }),
  };
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}

/** A function (id, which) → the numbers of a large tensor, asked of the kernel; each is asked for once. */
function fetcher(model, signal) {
  const waiting = new Map();
  const answered = new Map();
  const receive = (message) => {
    if (message.type !== "window") return;
    answered.set(message.key, message.window);
    waiting.get(message.key)?.(message.window);
    waiting.delete(message.key);
  };
  model.on("msg:custom", receive);
  signal.addEventListener("abort", () => model.off("msg:custom", receive));
  return (id, which) => {
    const key = `${id}.${which}`;
    if (answered.has(key)) return Promise.resolve(answered.get(key));
    return new Promise((resolve, reject) => {
      waiting.set(key, resolve);
      setTimeout(() => reject(new Error(key)), PATIENCE);
      model.send({ type: "window", key, id, which });
    });
  };
}
