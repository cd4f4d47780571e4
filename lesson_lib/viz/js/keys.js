// The keyboard: everything that the mouse does, by the same keys wherever the focus is in a widget. `help.js` has the list for the reader.

/** Call what `keys` has for the key of `event`; the page hears no more of it. */
export function press(event, keys) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const action = keys[event.shiftKey && event.key.startsWith("Arrow") ? `Shift+${event.key}` : event.key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}

/** The keys of a picture that a player leads through. */
export function pictureKeys({ player, canvas, select, actions, selected, isTable, toggle, graph, help, panel }) {
  return {
    "Shift+ArrowLeft": () => actions.pan?.(-60, 0),
    "Shift+ArrowRight": () => actions.pan?.(60, 0),
    "Shift+ArrowUp": () => actions.pan?.(0, -60),
    "Shift+ArrowDown": () => actions.pan?.(0, 60),
    ArrowLeft: () => player.move(-1),
    ArrowRight: () => player.move(1),
    Home: () => player.go(0),
    End: () => player.go(player.last),
    p: () => player.toggle(),
    ...panel?.keys,
    t: actions.toggleTable,
    n: actions.toggleNaive,
    l: actions.speak,
    "?": actions.toggleHelp,
    Escape: () => (help?.isOpen ? actions.toggleHelp() : selected && select(selected)),
    ...(!isTable && { "+": () => actions.zoom(1.3), "-": () => actions.zoom(1 / 1.3), 0: actions.fit }),
    ...(canvas?.hasFocus() && {
      ArrowUp: () => canvas.focusNext(-1),
      ArrowDown: () => canvas.focusNext(1),
      Enter: () => (graph.groups?.[canvas.current] ? toggle : select)(canvas.current),
      o: () => toggle(graph.groups?.[canvas.current] ? canvas.current : graph.places?.[canvas.current]),
      " ": () => select(canvas.current),
    }),
  };
}

/**
 * The letters are the widget's own while it has the keyboard, as JupyterLab's attribute says; what is pressed with Ctrl or ⌘, to save
 * for one, stays the page's. The key that holds is heard before the letter, which is in time.
 */
export function ownLetters(root) {
  const mark = ({ ctrlKey, metaKey }) => root.toggleAttribute("data-lm-suppress-shortcuts", !(ctrlKey || metaKey));
  mark({});
  for (const kind of ["keydown", "keyup"]) root.addEventListener(kind, mark);
}
