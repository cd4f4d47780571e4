// GraphEngine: Graphviz as WebAssembly, once per kernel. Every graph on the page asks this one for its layout.
import { Graphviz } from "@hpcc-js/wasm-graphviz";

export default {
  async initialize() {
    const graphviz = await Graphviz.load();
    return { layout: (dot) => graphviz.layout(dot, "svg", "dot") };
  },
};
