// A page that was saved from a notebook: in place of the kernel stands what is in the file. The widget's programs are the same.
import { fill } from "./dom.js";

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const file = read("data");
const program = read("program");

/** What was written once and is referred to by number, put together again, each time anew: the widget writes into it. */
function whole(value) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(whole);
  if (typeof value.$ === "number") return whole(file.parts[value.$]);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, whole(part)]));
}

/** What the widget takes for its kernel. */
class FileModel {
  constructor() {
    this.listeners = new EventTarget();
    this.known = new Map(); // listener → what stands for it at the target
    this.number = 0; // of the picture
    this.values = { position: file.position, selected: "", naive: -1, language: file.language, texts: this.texts(), data: null };
    this.values.data = this.picture();
  }

  /** The words that speak of a kernel speak of the file. */
  texts() {
    return Object.fromEntries(Object.entries(file.texts).map(([code, texts]) => [code, { ...texts, unreachable: texts["not in file"] }]));
  }

  picture() {
    const { languages, leads } = file.pictures[this.number];
    const data = whole(languages[this.get("language")]);
    for (const group of Object.values(data.groups ?? {})) group.fixed = !(group.opens in leads);
    return data;
  }

  get(name) {
    return this.values[name];
  }

  set(name, value) {
    if (this.values[name] === value) return;
    this.values[name] = value;
    if (name === "language") this.speak();
    else this.tell(`change:${name}`);
  }

  save_changes() {} // nobody is there to hear of them

  on(event, listener) {
    const heard = (message) => listener(message.detail);
    this.known.set(listener, heard);
    this.listeners.addEventListener(event, heard);
  }

  off(event, listener) {
    this.listeners.removeEventListener(event, this.known.get(listener));
  }

  tell(event, detail) {
    this.listeners.dispatchEvent(new CustomEvent(event, { detail }));
  }

  send(question) {
    if (question.type === "toggle") this.toggle(question.id);
    else this.answer(question.key, this.found(question));
  }

  /** The answer to a question: numbers of a tensor, or naive recursion's visits. */
  found({ type, id, which, number }) {
    const language = this.get("language");
    if (type === "naive") return { type, plan: this.get("data").plan };
    if (type === "visit") return { type, number, ...(whole(file.visits[language])[number - 1] ?? { text: file.texts[language]["not in file"], chains: [], sum: null }) };
    return { type, window: whole(file.windows[id]?.[language])?.[`${id}.${which}`] };
  }

  /** Answers come later, as a kernel's do. */
  answer(key, answer) {
    setTimeout(() => this.tell("msg:custom", { key, ...answer }));
  }

  speak() {
    this.values.data = this.picture();
    label(this);
    this.tell("change:data");
  }

  toggle(id) {
    const before = this.get("data");
    const { until, leads } = file.pictures[this.number];
    const reached = until[this.get("position")];
    const [number, count] = leads[id];
    this.number = number;
    const after = this.picture();
    const opened = named(after, id);
    const at = file.pictures[number].until.findIndex((last) => last >= reached);
    after.toggled = id;
    after.said = fill(this.get("texts")[this.get("language")][opened ? "opened" : "closed"], { title: opened ?? named(before, id) ?? id, count });
    this.values.data = after;
    this.values.position = at < 0 ? after.steps.length - 1 : at;
    this.tell("change:data");
  }
}

/** The name of the module that `id` opens and closes, if it is open. */
function named(data, id) {
  return Object.values(data.groups).find((group) => group.open && group.opens === id)?.name;
}

function label(model) {
  document.documentElement.lang = model.get("language");
}

const address = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
const exports = (await import(address)).default.initialize();
const model = new FileModel();
const { signal } = new AbortController(); // the page ends with its window
const host = { getWidget: async () => ({ exports }) };
await exports.programs.view({ model, el: document.getElementById("graph"), host, signal });
