// FilmView: a run to leaf through, frame by frame. Puts the parts together and connects them with the kernel and the keyboard.
import { fill, h } from "./dom.js";
import { FilmPicture } from "./film_picture.js";
import { FilmPlayer } from "./film_player.js";
import { FilmSource } from "./film_source.js";
import { FrameTable } from "./film_table.js";
import { Folding } from "./folding.js";
import { place } from "./frame.js";
import { pictureKeys, press } from "./keys.js";
import { engineOf } from "./kernel.js";
import { listen } from "./listen.js";
import { TimeLine } from "./time_line.js";
import { disable, iconButton, Toolbar } from "./toolbar.js";

export default async function film({ model, el, host, signal }) {
  await new Folding(model, el, (life, ends) => build({ model, el, host, signal: ends }, life)).start(signal);
}

/** The film with all its controls, in one language. */
async function build({ model, el, host, signal }, life) {
  const film = model.get("data");
  const texts = filmTexts(life.texts);
  const player = new FilmPlayer(film.count, model.get("position"), fill(texts["film frame"], { number: "{number}", count: film.count }));
  const source = new FilmSource(model, signal);
  const tell = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const picture = new FilmPicture(texts, source, { onSelect: (id) => tell("selected", id ?? ""), onToggle: toggle });
  const frames = new FrameTable(texts, source, player);
  const actions = {
    zoom: (factor) => picture.canvas?.viewport?.scaleBy(factor), fit: () => picture.canvas?.viewport?.fit(),
    toggleTable: () => showTable(!picture.isTable), speak: () => life.speak(), otherLanguage: () => life.other,
  };
  const toolbar = new Toolbar(player, texts, actions);
  const turns = ["change before", "change after"].map((name, way) => iconButton(name, texts, () => turnTo(way)));
  toolbar.element.firstChild.append(...turns);
  const line = new TimeLine(film, texts, player, signal);
  const sentence = h("p", { class: "sentence", "aria-live": "polite", "aria-atomic": "true" });
  const gone = h("div", { class: "gone", hidden: true });
  frames.element.hidden = true;
  const stage = h("div", { class: "stage" }, frames.element, picture.drawing, picture.tables);
  const root = h("div", { class: "lesson-graph film", lang: life.language },
    toolbar.element, line.element, h("div", { class: "main" }, stage, h("div", { class: "below" }, h("div", { class: "strip" }, sentence), gone), picture.details.element), picture.note);
  place(el, root, life.said, film.palette, signal);

  // --- one frame after the other ------------------------------------------------------------------------------------

  let isTurning = false;
  /** Show the frame where the player is. Frames that it passes faster than the kernel answers are left out. */
  async function turn() {
    if (isTurning) return;
    isTurning = true;
    for (let number = null; number !== player.position && !signal.aborted; ) {
      number = player.position;
      await show(number).catch(unreachable);
    }
    isTurning = false;
  }
  async function show(number) {
    const told = await source.frame(number);
    const answer = told.structure !== picture.number && (await source.structure(told.structure));
    if (signal.aborted) return;
    if (answer) picture.put(answer, told.structure);
    picture.mark(told.marks);
    player.told(number, told);
    toolbar.apply();
    line.tell(told);
    sentence.textContent = told.text;
    told.turns.forEach((to, way) => disable(turns[way], to === null));
    gone.hidden = !told.vanished.length;
    gone.replaceChildren(h("span", { class: "sign" }, `− ${texts.vanished}`), h("ul", { "aria-label": texts.vanished }, told.vanished.map((words) => h("li", {}, words))));
    if (picture.isTable) await frames.fill(number);
    const near = [number - 1, number + 1, ...told.turns].filter((other) => other !== null && other >= 0 && other < film.count);
    source.frames(near).catch(() => {}); // so that they are there when they are wanted
  }
  async function turnTo(way) {
    const told = await source.frame(player.position).catch(unreachable);
    if (told && told.turns[way] !== null) player.go(told.turns[way]);
  }
  async function toggle(id) {
    const [token, number, hadFocus] = [picture.graph.groups?.[id]?.opens, picture.number, picture.hasFocus()];
    if (!token) return;
    const answer = await source.toggle(number, token).catch(unreachable);
    if (!answer || signal.aborted || number !== picture.number) return;
    picture.put(answer, number);
    await show(player.position).catch(unreachable);
    if (hadFocus) picture.focus(token);
  }
  function unreachable() {
    if (!signal.aborted) sentence.textContent = texts.unreachable;
  }
  function showTable(isTable) {
    life.isTable = isTable;
    frames.element.hidden = !isTable;
    picture.showTable(isTable);
    if (isTable) frames.fill(player.position).catch(unreachable);
    toolbar.showTable(isTable);
  }

  player.addEventListener("step", () => {
    line.apply();
    toolbar.apply();
    tell("position", player.position);
    turn();
  });
  listen(model, signal, { "change:position": () => player.go(model.get("position")) });
  root.addEventListener("keydown", (event) =>
    press(event, {
      ...pictureKeys({ player, canvas: picture.canvas, select: (id) => picture.select(id), actions, selected: picture.selected, isTable: picture.isTable, toggle, graph: picture.graph }),
      PageUp: () => player.move(-player.leap), PageDown: () => player.move(player.leap), b: () => turnTo(0), n: () => turnTo(1),
    }));
  signal.addEventListener("abort", () => {
    player.pause();
    picture.canvas?.viewport?.destroy();
  });

  line.apply();
  toolbar.apply();
  picture.engine = await engineOf(model, host).catch((error) => picture.fail(fill(texts.failed, { error: error.message })));
  if (life.isTable || !picture.engine) showTable(true);
  await turn();
  return { canvas: null, root, selected: () => null };
}

/** The catalogue in which the controls speak of frames. */
function filmTexts(texts) {
  const names = { first: "film first", back: "film back", play: "film play", next: "film next", last: "film last", position: "film place", graph: "film graph now" };
  return { ...texts, ...Object.fromEntries(Object.entries(names).map(([name, key]) => [name, texts[key]])) };
}
