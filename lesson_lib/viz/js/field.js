// One number that can be changed: typed, stepped with the arrow keys, or dragged sideways.
import { h } from "./dom.js";

const STRIDE = 8; // pixels of a drag that make one small step
const STEPS = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 };

/** `change({value})` and `change({by})` promise that the kernel took the number; the sentence of a refusal stands beside the field. */
export function field(words, label, at, change) {
  const number = Number(words.replace("−", "-"));
  const input = h("input", {
    class: "number", role: "spinbutton", inputmode: "decimal", autocomplete: "off", spellcheck: "false", value: words, size: Math.max(words.length, 2),
    "aria-label": label, "aria-valuetext": words, "aria-valuenow": Number.isFinite(number) ? number : null, "data-at": at,
  });
  let sent = words;
  const tell = (problem) => {
    const row = input.closest("tr");
    row?.querySelector(".refused")?.remove();
    input.setAttribute("aria-invalid", String(Boolean(problem)));
    if (problem) row?.append(h("td", { class: "refused", role: "alert" }, problem));
  };
  const ask = (what) => change(what).then(() => tell(""), (problem) => tell(problem.message));
  const commit = () => {
    sent = input.value;
    ask({ value: input.value });
  };
  const keys = {
    Enter: () => (input.value === words ? tell("") : commit()),
    Escape: () => {
      input.value = sent = words;
      tell("");
    },
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && input.value === words) return; // closes the details
    event.stopPropagation(); // the widget's own keys move the picture
    const action = STEPS[event.key] ? () => ask({ by: STEPS[event.key] }) : keys[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  });
  input.addEventListener("blur", () => input.isConnected && ![words, sent].includes(input.value) && commit());
  input.unsent = () => (input.value === sent ? null : input.value);
  draggable(input, (by) => ask({ by }));
  return input;
}

/** A press that moves sideways steps; one that does not move goes into the field, where the mouse then selects text as usual. */
function draggable(input, step) {
  const idle = () => document.activeElement !== input;
  input.addEventListener("mousedown", (event) => idle() && event.preventDefault());
  input.addEventListener("pointerdown", (start) => {
    if (start.button || !idle()) return;
    const life = new AbortController(); // on the document, since the field is made anew with each answer
    let done = 0;
    let moved = false;
    document.addEventListener("pointermove", (event) => {
      const steps = Math.round((event.clientX - start.clientX) / STRIDE);
      if (steps !== done) step(steps - done);
      moved ||= steps !== done;
      done = steps;
    }, life);
    const end = () => {
      life.abort();
      if (moved) return;
      input.focus();
      input.select();
    };
    document.addEventListener("pointerup", end, life);
    document.addEventListener("pointercancel", () => life.abort(), life);
  });
}

/** What the keyboard was doing in `panel`, as a function that goes on with it after the panel was filled anew. */
export function resumed(panel) {
  const held = document.activeElement;
  const at = panel.contains(held) && held.dataset.at;
  if (!at) return () => {};
  const typed = held.unsent();
  return () => {
    const input = panel.querySelector(`[data-at="${at}"]`);
    if (!input || input === document.activeElement) return;
    input.focus({ preventScroll: true });
    if (typed === null) input.select();
    else input.value = typed;
  };
}
