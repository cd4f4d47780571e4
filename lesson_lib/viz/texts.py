"""Every word that a graph shows, in one place: another language is another dictionary."""

ENGLISH = {
    # on the cards
    "value": "value",
    "gradient": "gradient",
    "not computed": "not computed",
    "not recorded": "not recorded",
    "not kept": "not kept",
    "waits": "not added yet",
    "partly": "{arrived} of {total} added",
    "leaf": "leaf",
    "loss": "output",
    "intermediate": "intermediate",
    "constant": "constant",
    "scalar": "scalar",
    "empty": "empty",
    # one sentence per step
    "start": "start · the leaves are known, nothing is computed yet",
    "forward": "forward {number} of {count} · {op}: {inputs} → {output}",
    "seed": "backward starts · the gradient of {output} with respect to itself is {value}",
    "backward": "backward {number} of {count} · {op}: {flows}",
    "flow": "upstream {upstream} × local {local} = {result} → {target}",
    "flow at": "at {index} upstream {upstream} × local {local} = {result} → {target}",
    "flow sum": "upstream {upstream} × local {local}, summed over what was broadcast → {target}",
    "flow rule": "upstream {upstream} through {rule} → {target}",
    "accumulate": "backward {number} of {count} · AccumulateGrad: {leaf}.grad += {value}",
    "no flow": "no gradient flows on",
    "nothing recorded": "The values of this graph were not recorded, or its saved values are gone. "
    "Call viz.record() before the forward pass to step backward through it.",
    "needs gradient": "Backward starts from one number. Give gradient=, a tensor of the output's shape, to start from this one.",
    "no graph": "No operation on this tensor was recorded: it has no grad_fn.",
    # details
    "averaged": "{shape}, averaged to {cells} cells",
    "part": "{part} of {shape}",
    # the tree
    "above": "(see above)",
    "more": "… and {count} more operations",
    # controls of the widget
    "first": "First step (Home)",
    "back": "Step back (Left arrow)",
    "play": "Play (P)",
    "pause": "Pause (P)",
    "next": "Step forward (Right arrow)",
    "last": "Last step (End)",
    "position": "Position in the computation",
    "zoom in": "Zoom in (+)",
    "zoom out": "Zoom out (−)",
    "fit": "Fit the whole graph (0)",
    "as table": "Show as table (T)",
    "as graph": "Show as graph (T)",
    "graph": "Computation graph. Left and right arrow: step. Up and down arrow: next node. Enter: details.",
    "tensor": "tensor",
    "operation": "operation",
    "name": "name",
    "kind": "kind",
    "shape": "shape",
    "dtype": "dtype",
    "from": "from",
    "now": ".grad now",
    "formula": "formula",
    "your line": "your line",
    "in cell": "line {number} of the cell",
    "node": "node",
    "inputs": "inputs",
    "output": "output",
    "show source": "Show source",
    "hide source": "Hide source",
    "close": "Close details",
    "details": "Details",
    "upstream": "upstream",
    "local": "local",
    "contribution": "contribution",
    "fetching": "fetching …",
    "stats": "min {low} · mean {mean} · max {high}",
    "trouble": "{nan} NaN · {inf} infinite",
    "shown": "{shown} of {shape} is shown",
    "unreachable": "The kernel does not answer: it is busy or was restarted.",
    "failed": "The graph could not be drawn: {error}",
}


def text(key, **values):
    """The text for ``key`` with ``values`` filled in.

    >>> text("partly", arrived=1, total=2)
    '1 of 2 added'
    """
    return ENGLISH[key].format(**values)
