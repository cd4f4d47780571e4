// What every widget does at its beginning and at its end.
import { takePlaces } from "./place.js";

/**
 * A widget that shows itself by `render`. When it ends it holds nothing any more: JupyterLab remembers each comm for as long as the
 * kernel runs, and with it the model and the last view.
 */
export function widget(render) {
  return {
    initialize({ model, signal }) {
      takePlaces(model, signal);
      signal.addEventListener("abort", () => {
        for (const [name, nothing] of [["data", {}], ["texts", {}], ["place", ""]]) model.set(name, nothing); // the model remembers what the last one changed, too
      });
    },
    async render(props) {
      props.signal.addEventListener("abort", () => props.el.replaceChildren());
      await render(props);
    },
  };
}
