// Brings a node into sight, wherever it is.

/**
 * A function of an id in the whole graph that brings the node into sight; the kernel opens the modules that hide it.
 * `how`: "select" it as a click does, have it "lit" without its details, or only "seen". `isLast`: do not ask the kernel again.
 */
export function looker({ graph, canvas, table, folding, select }) {
  return function look(id, how = "select", isLast = false) {
    const tensor = graph.tensors[id];
    const place = tensor && canvas.wires.has(id) ? tensor.madeBy : id; // a value that is a line is seen at the operation that made it
    const isThere = (tensor ?? graph.ops[id]) && (place === id || !graph.groups?.[place]);
    if (!isThere) return isLast || folding.reveal({ id, how });
    if (how === "select") select(id);
    else canvas.select(how === "lit" ? id : null);
    table.rows.get(id)?.scrollIntoView({ block: "nearest" });
    if (canvas.nodes.has(place) && !folding.isTable) canvas.reveal(place);
  };
}
