// `show` puts a picture into the cell, and nothing else is saved. Where the kernel runs, the widget takes the picture's place on the page.

/** Stand in for every picture on the page that carries the model's mark, now and later; each is back when its view ends. */
export function takePlaces(model, signal) {
  const mark = model.get("place");
  if (!mark) return;
  const views = new Map(); // picture → the view that stands before it
  const isPlace = (element) => element.id === mark || element.src?.includes(mark);
  const places = (root) => [root, ...root.querySelectorAll(`img, [id="${mark}"]`)].filter(isPlace);

  async function take(picture) {
    if (views.has(picture)) return;
    views.set(picture, null);
    const manager = model.widget_manager;
    const view = await manager.create_view(await manager.get_model(mark));
    if (signal.aborted || !views.has(picture)) return view.remove();
    views.set(picture, view);
    picture.style.display = "none";
    picture.after(view.el);
  }
  function leave(picture) {
    picture.style.display = "";
    views.get(picture)?.remove();
    views.delete(picture);
  }

  const observer = new MutationObserver((changes) => {
    for (const { target, addedNodes, removedNodes } of changes) {
      if (target.closest?.(".lesson-graph-host")) continue; // our own drawing
      for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) places(node).forEach(take);
      // A cell that scrolls out of sight leaves the page as a whole; an output that is cleared leaves its cell.
      for (const node of removedNodes) {
        for (const picture of views.keys()) if (node.contains(picture) && !picture.isConnected && !picture.closest(".jp-Cell")) leave(picture);
      }
    }
  });
  observer.observe(document.body, { childList: true, subtree: true });
  places(document.body).forEach(take);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    [...views.keys()].forEach(leave);
  });
}
