// A graph too large to draw: what is in it, a search, and the picture of what is around an operation that was chosen.
import { fill, h } from "./dom.js";
import { listen } from "./listen.js";
import { followTheme } from "./theme.js";
import { widget } from "./widget.js";

const PAUSE = 200; // milliseconds without a key until the kernel is asked

export default widget(({ model, el, signal }) => new Census(model, el, signal).build());

class Census {
  constructor(model, el, signal) {
    Object.assign(this, { model, el, key: "", words: "", found: null });
    this.picture = h("div", { class: "near" });
    this.said = h("p", { class: "said", role: "status", "aria-live": "polite" });
    listen(model, signal, { "change:data": () => this.build(), "change:near": () => this.show(), "msg:custom": (message) => this.receive(message) });
    signal.addEventListener("abort", () => {
      clearTimeout(this.timer);
      this.view?.remove();
      this.life?.abort();
    });
  }

  get texts() {
    return this.model.get("texts")[this.model.get("language")];
  }

  /** The whole page, in the language of now; what was typed stays. */
  build() {
    const { texts, model } = this;
    const { title, counts, palette } = model.get("data");
    const held = this.field && document.activeElement === this.field;
    this.field = h("input", { type: "search", class: "search", autocomplete: "off", spellcheck: "false", value: this.words, "aria-label": texts.search, placeholder: texts.search });
    this.field.addEventListener("input", () => this.later());
    this.lists = h("div", { class: "lists" });
    const root = h("div", { class: "lesson-graph census", lang: model.get("language"), "data-lm-suppress-shortcuts": "true" },
      h("div", { class: "toolbar" }, h("strong", { class: "title" }, title), h("span", { class: "buttons" }, this.language())),
      h("div", { class: "summary" }, counts.map(([head, pairs]) => h("p", {}, `${head}: `, pairs.map(([name, count]) => `${name} ×${count}`).join(", ")))),
      this.field, this.lists);
    root.addEventListener("keydown", (event) => this.onKey(event));
    this.life?.abort();
    this.life = new AbortController();
    followTheme(root, palette, this.life.signal);
    this.el.classList.add("lesson-graph-host");
    this.el.replaceChildren(root, this.said, this.picture);
    this.fillLists();
    if (held) this.field.focus();
    if (this.words) this.search();
    if (!this.view) this.show();
  }

  language() {
    const catalogues = this.model.get("texts");
    const codes = Object.keys(catalogues);
    const code = codes[(codes.indexOf(this.model.get("language")) + 1) % codes.length];
    const name = catalogues[code]["this language"];
    const words = fill(this.texts["other language"], { name });
    const speak = () => {
      this.model.set("language", code);
      this.model.save_changes();
    };
    return h("button", { type: "button", class: "language", title: words, "aria-label": words, onclick: speak }, h("span", { lang: code }, name));
  }

  later() {
    this.words = this.field.value;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), PAUSE);
  }

  search() {
    this.ask({ type: "search", words: this.words });
  }

  ask(question) {
    this.key = `${question.type} ${Math.random()}`;
    this.model.send({ key: this.key, ...question });
  }

  /** Only the answer to the last question counts: an earlier search is out of date. */
  receive(message) {
    if (message.key !== this.key) return;
    if (message.type === "search") {
      this.found = message.found;
      this.fillLists();
    }
    this.said.textContent = message.said ?? message.found?.title ?? "";
  }

  fillLists() {
    const lists = this.found ? [this.found] : this.model.get("data").lists;
    this.lists.replaceChildren(...lists.map((list) => this.table(list)));
  }

  table({ title, heads, rows }) {
    const row = ({ number, cells: [name, ...others] }) =>
      h("tr", {}, h("th", { scope: "row" }, h("button", { type: "button", class: "link", "data-number": number, onclick: () => this.ask({ type: "near", number }) }, name)), others.map((cell) => h("td", {}, cell)));
    return h("section", {}, h("h4", {}, title),
      rows.length > 0 && h("div", { class: "as-table" }, h("table", { "aria-label": title }, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, rows.map(row)))));
  }

  /** Arrow keys lead from the field through what was found; Escape leads back. */
  onKey(event) {
    const buttons = [...this.lists.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    const target = { ArrowDown: buttons[at + 1], ArrowUp: buttons[at - 1] ?? this.field, Escape: at >= 0 && this.field }[event.key];
    if (!target) return;
    event.preventDefault();
    event.stopPropagation();
    target.focus();
  }

  /** The widget of the neighbourhood. */
  async show() {
    const id = this.model.get("near");
    if (!id) return;
    const manager = this.model.widget_manager;
    const view = await manager.create_view(await manager.get_model(id));
    this.view?.remove();
    this.view = view;
    this.picture.replaceChildren(view.el);
  }
}
