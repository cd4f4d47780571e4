// GraphEngine: Graphviz as WebAssembly, once per kernel. Every graph on the page asks this one for its layout.
import { Graphviz } from "@hpcc-js/wasm-graphviz";

export default {
  initialize() {
    let graphviz;
    // Not awaited here: anywidget gives a widget two seconds to initialize, and a slow machine may need more for the WebAssembly.
    const ready = Graphviz.load().then((loaded) => (graphviz = loaded));
    return { ready, layout: (dot) => graphviz.layout(dot, "svg", "dot") };
  },
};
