// GraphEngine: Graphviz as WebAssembly and the widgets' programs, once per kernel. Every graph on the page asks this one.
import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { programs } from "./programs.js";

export default {
  initialize() {
    let graphviz;
    // Not awaited here: anywidget gives a widget two seconds to initialize, and a slow machine may need more for the WebAssembly.
    const ready = Graphviz.load().then((loaded) => (graphviz = loaded));
    return { ready, programs, layout: (dot) => graphviz.layout(dot, "svg", "dot") };
  },
};
