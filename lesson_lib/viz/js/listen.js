// Listening to a widget's model for as long as a view, or a picture in it, lives.

/** Call `listeners`, event → function, until `signal` is aborted. */
export function listen(model, signal, listeners) {
  for (const [event, listener] of Object.entries(listeners)) {
    model.on(event, listener);
    signal.addEventListener("abort", () => model.off(event, listener));
  }
}
