// The records of a large graph come without what most of them have in common.

/** Give every record of `graph` what is usual for its kind, where it has nothing else. */
export function complete(graph) {
  for (const [kind, usual] of Object.entries(graph.usual ?? {})) {
    const records = graph[kind];
    for (const key of Object.keys(records)) records[key] = { ...usual, ...records[key] };
  }
  delete graph.usual;
  return graph;
}
