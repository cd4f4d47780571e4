// The lines of a drawing.

/** id of a node → the lines that begin or end there. A value that is a line begins at the operation that made it. */
export function edgeEnds({ graph, edges, wires }) {
  const ends = new Map();
  graph.edges.forEach(([source, target], number) => {
    const line = edges[number];
    const start = wires.has(source) ? graph.tensors[source].madeBy : source;
    if (line) for (const id of [start, target]) ends.has(id) ? ends.get(id).push(line) : ends.set(id, [line]);
  });
  return ends;
}
