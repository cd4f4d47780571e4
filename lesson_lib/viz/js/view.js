// GraphView: one graph to step through. Puts the parts together and connects them with the kernel and the keyboard.
import { Canvas } from "./canvas.js";
import { Cards } from "./cards.js";
import { Details } from "./details.js";
import { fill, h } from "./dom.js";
import { Folding } from "./folding.js";
import { frame, place } from "./frame.js";
import { Help } from "./help.js";
import { engineOf, kernel } from "./kernel.js";
import { pictureKeys, press } from "./keys.js";
import { listen } from "./listen.js";
import { looker } from "./look.js";
import { memoryAt } from "./memory.js";
import { Naive } from "./naive.js";
import { panelOf } from "./panel.js";
import { Player } from "./player.js";
import { Poke } from "./poke.js";
import { Strip } from "./strip.js";
import { GraphTable } from "./table.js";
import { Toolbar } from "./toolbar.js";
import { complete } from "./usual.js";
import { Words } from "./words.js";

export default async function view({ model, el, host, signal }) {
  await new Folding(model, el, (life, ends) => build({ model, el, host, signal: ends }, life)).start(signal);
}

/** One picture with all its controls; `folding` is told which module to open. */
async function build({ model, el, host, signal }, folding) {
  const graph = complete(model.get("data"));
  const texts = folding.texts;
  const player = new Player(graph.steps, model.get("position"));
  let [selected, isTable, engine] = [null, false, null];

  const select = (id) => {
    selected = id === selected ? null : id;
    if (selected) cards.want([selected], "table");
    refreshSelection();
    model.set("selected", selected ?? "");
    model.save_changes();
  };
  const toggle = (id) => folding.toggle(id);
  const cards = new Cards(model, graph, signal, shown);
  const canvas = new Canvas(graph, texts, { onSelect: select, onToggle: toggle, onSight: (ids) => cards.want(ids) });
  const strip = new Strip(graph, texts);
  const table = new GraphTable(graph, texts, select, toggle);
  const ask = kernel(model, signal);
  const words = new Words(graph, player, ask, refresh);
  const naive = new Naive(model, graph, texts, player, { ask, refresh, say: (words, isSeen) => folding.say(words, isSeen) });
  const seen = () => (isTable ? [] : canvas.boxes?.sight ?? []);
  const poke = new Poke(model, graph, texts, signal, { arrived, say: (words) => folding.say(words), seen, cards });
  const details = new Details(graph, texts, { fetchWindow: ask.window, onPoke: (change) => poke.ask(change), onSelect: select, onToggle: toggle, onClose: () => select(selected) });
  const look = looker({ graph, canvas, table, folding, select: (id) => id === selected || select(id) });
  const panel = panelOf(graph, texts, { look, folding });
  const help = new Help(texts);
  const actions = { zoom: (factor) => canvas.viewport?.scaleBy(factor), fit: () => canvas.viewport?.fit(), pan, toggleTable, toggleHelp, toggleNaive: () => naive.toggle(), speak: () => folding.speak(), otherLanguage: () => folding.other };
  const toolbar = new Toolbar(player, texts, actions);

  const root = frame(graph, texts, folding.language, { toolbar, help, canvas, table, naive, strip, details, poke, panel });
  place(el, root, folding.said, graph.palette, signal);

  function refreshSelection() {
    canvas.select(selected);
    table.select(selected);
    details.show(selected, knownNow());
  }
  /** What is known at this step. Naive recursion comes again for what an operation saved, so that nothing can be freed on its way. */
  function knownNow() {
    const way = naive.on ? [graph.steps, graph.steps.findIndex((step) => step.kind === "seed")] : [player.steps, player.position];
    return { ...player.known(), memory: memoryAt(graph, ...way) };
  }
  function refresh() {
    const known = knownNow();
    root.classList.toggle("naive", naive.on);
    if (player.step.later && naive.on) naive.tell();
    else if (!naive.on) words.look();
    toolbar.apply();
    toolbar.showNaive(naive.on);
    naive.apply();
    strip.apply(known, player.steps, player.position);
    if (canvas.svg) canvas.apply(known);
    if (isTable) table.apply(known);
    if (selected) details.show(selected, known);
  }
  /** Cards and numbers came that had not been looked at before. */
  function shown(ids) {
    canvas.viewport?.look();
    const known = knownNow();
    if (canvas.svg) ids.forEach((id) => canvas.refresh(id));
    if (ids.has(player.step.at)) strip.apply(known, player.steps, player.position);
    if (isTable) table.apply(known, ids);
    if (ids.has(selected)) details.show(selected, known);
  }
  /** Other numbers came: the same picture with them. */
  function arrived({ fragments, dot, windows }) {
    ask.renew(windows);
    if (naive.on) naive.start(player.position);
    else player.take(graph.steps);
    if (canvas.svg) canvas.redraw(fragments, dot && engine.exports.layout(dot));
    canvas.select(selected);
    refresh();
    canvas.viewport?.look();
    if (isTable) cards.want(Object.keys(graph.tensors), "table");
  }
  function toggleHelp() {
    folding.isHelped = help.toggle();
    toolbar.showHelp(help.isOpen);
  }
  /** Look further right and down: in the table by scrolling, in the picture by moving it. */
  function pan(right, down) {
    if (isTable) table.element.scrollBy(right, down);
    else canvas.viewport?.panBy(-right, -down);
  }
  function toggleTable() {
    isTable = folding.isTable = !isTable;
    canvas.element.hidden = isTable;
    table.element.hidden = !isTable;
    if (isTable) {
      table.fill();
      table.apply(knownNow());
      table.select(selected);
      cards.want(Object.keys(graph.tensors), "table");
    }
    toolbar.showTable(isTable);
  }

  player.addEventListener("step", () => {
    refresh();
    if (naive.on) return naive.keep();
    model.set("position", player.position);
    model.save_changes();
  });
  const isNow = () => model.get("data") === graph;
  listen(model, signal, {
    look: (id, isOwn) => look(id, isOwn ? "lit" : "seen"), // somebody beside this view, such as a comparison, wants a node to be seen
    "change:position": () => isNow() && !naive.on && player.go(model.get("position")),
    "change:naive": () => isNow() && naive.follow(model.get("naive")),
  });
  root.addEventListener("keydown", (event) => press(event, pictureKeys({ player, canvas, select, actions, selected, isTable, toggle, graph, help, panel })));
  signal.addEventListener("abort", () => {
    player.pause();
    canvas.viewport?.destroy();
  });

  try {
    engine = await engineOf(model, host);
    canvas.draw(engine.exports.layout(graph.dot));
    // A wide drawing keeps its width when details open: they come under it, not beside it.
    root.classList.toggle("wide", canvas.viewport.size.width > 1.5 * canvas.viewport.size.height);
  } catch (error) {
    canvas.element.replaceChildren(h("p", { class: "reason", role: "alert" }, fill(texts.failed, { error: error.message })));
    toggleTable();
  }
  if (folding.isTable && !isTable) toggleTable();
  if (folding.isHelped) toggleHelp();
  refresh();
  naive.follow(model.get("naive"));
  folding.resume(graph, { select, look });
  return { canvas, table, root, selected: () => selected };
}
