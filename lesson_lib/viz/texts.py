"""Every word that a graph shows, in one place: another language is another dictionary with the same keys."""

from contextlib import contextmanager
from contextvars import ContextVar

from .texts_zh import CHINESE

ENGLISH = {
    # on the cards
    "value": "value",
    "gradient": "gradient",
    "not computed": "not computed",
    "not recorded": "not recorded",
    "not kept": "not kept",
    "waits": "not added yet",
    "arrived": "{arrived} of {total} came",
    "arrived many": "{arrived} came",
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
    "naive start": "naive recursion starts at {output} and goes on from each node to its inputs at once, again for every path",
    "naive visit": "naive visit {number} of {count} · {op}, visit {visit} of {of}: {flows}",
    "naive leaf": "naive visit {number} of {count} · {op}, visit {visit} of {of}: += {value}, now {sum}",
    "nothing recorded": "The values of this graph were not recorded, or its saved values are gone. "
    "Call viz.record() before the forward pass to step backward through it.",
    "needs gradient": "Backward starts from one number. Give gradient=, a tensor of the output's shape, to start from this one.",
    "no graph": "No operation on this tensor was recorded: it has no grad_fn.",
    # a graph computed again with other values
    "not followed": "not followed",
    "replay shape": "{name} has room for shape {shape} there, not for {found}",
    "replay failed": "The operation refuses the new values: {error}",
    "replay lost": "A value that it is computed from is gone.",
    "replay unrecorded": "The operation was not recorded: call viz.record() before the forward pass.",
    "replay random": "Its forward draws random numbers, which would be others this time.",
    "replay written": "It writes into a tensor whose other elements nobody remembers.",
    "replay overwritten": "A constant that it read was written to since.",
    "replay after": "It comes after an operation that is not followed.",
    "code leaf": "after {name} was made, before it is used:",
    "code after": "after this line ({place}):",
    "code unnamed": "the result of {op} in this line ({place}), which needs a name of its own:",
    # a number changed on screen
    "changed": "changed",
    "poked": "{place} = {value}: {changes}",
    "poke reset": "everything as the program computed it: {changes}",
    "one value": "1 value",
    "some values": "{count} values",
    "one gradient": "1 gradient",
    "some gradients": "{count} gradients",
    "changed both": "{values} and {gradients} changed",
    "changed one": "{what} changed",
    "changed none": "nothing else changed",
    "poke unknown": "The value of {name} is not known, so it cannot be changed.",
    "poke no f": "'{words}' is not a number.",
    "poke no i": "'{words}' is not a whole number, and {name} is {dtype}.",
    "poke no b": "'{words}' is neither True nor False.",
    "poke no c": "'{words}' is not a complex number.",
    "poke too large": "{words} is too large for {dtype}.",
    "poke nowhere": "This picture came without its operations: show() and step() make one whose numbers can be changed.",
    "reset": "Reset",
    "copy code": "Copy the code",
    "copied": "The code is in the clipboard, and below.",
    "copy by hand": "The code is below, ready to be copied.",
    # a run as a film
    "film": "Film: {frames}, {structures}",
    "one frame": "1 frame",
    "frames": "{count} frames",
    "one structure": "1 structure",
    "structures": "{count} different structures",
    "frame": "frame",
    "film graph": "graph",
    "loss value": "loss",
    "gradient norm": "gradient norm",
    "as before": "as before",
    "graph changed": "graph changed",
    "appeared": "appeared",
    "vanished": "vanished",
    "appeared list": "appeared: {pieces}",
    "vanished list": "vanished: {pieces}",
    "rewired": "the same operations, joined otherwise",
    "film frame": "frame {number} of {count}",
    "time line": "Time line of loss and gradient norm. Left and right arrow: frame. Click: go there.",
    "film place": "Frame",
    "film graph now": "The graph of this frame. Left and right arrow: frame. Up and down arrow: next node. Enter: details.",
    "film first": "First frame (Home)",
    "film back": "Previous frame (Left arrow)",
    "film play": "Play (P)",
    "film next": "Next frame (Right arrow)",
    "film last": "Last frame (End)",
    "change before": "Previous change of the graph (B)",
    "change after": "Next change of the graph (N)",
    "appeared part": "{count} of {total} appeared",
    "log scale": "log",
    "not finite": "NaN or infinite",
    "film values": "Shapes, values and gradients are those of frame {number}, the first with this graph.",
    "film unkept": "This graph is not drawn: the film keeps the values of the first {most} different ones. watch(keep=…) keeps more.",
    "film too large": "This graph is not drawn: {count} operations are too many.",
    "frame title": "frame {number} · {operations}",
    "frames skipped": "… {count} frames",
    "pieces skipped": "{count} more",
    "no output": "frame() was told of no backward() since the last frame: give it the loss, frame(loss)",
    "film forgotten": "frame {number} has a graph that was not kept: the film remembers the first {most} different ones",
    "no picture": "The {count} different graphs are described, not drawn.",
    # modules as boxes
    "module": "Module",
    "parameters": "{count} parameters",
    "one operation": "1 op",
    "operations": "{count} ops",
    "saved": "{bytes} saved for backward",
    "backward box": "backward {number} of {count} · {op}: gradient → {tensors}",
    "own parameters": "its own parameters only",
    "opened": "opened {title}, {count} operations",
    "closed": "closed {title}, {count} operations",
    "is open": "open",
    "is closed": "closed",
    "path": "path",
    "in module": "module",
    "open it": "Open (Enter)",
    "close it": "Close (Enter)",
    "contains": "contains",
    # a graph too large to draw
    "number": "number",
    "memory": "memory",
    "time": "time",
    "largest": "The {count} largest results",
    "slowest": "The {count} slowest operations that were recorded",
    "found": "{found} of {count} operations contain '{words}'",
    "census": "{operations}, too many to draw; {leaves} leaves with {numbers} numbers",
    "search hint": "Find operations by name, module, shape or line: .search('relu'). More of them: .largest(50), .slowest(50).",
    # a failed operation
    "fault": "failed",
    "failed op": "✕ {op} failed: {message}",
    "failed op in": "✕ {op} failed in {module}: {message}",
    "elements": "{shape} = {count} elements",
    "asked": "asked for",
    "fixes": "each of these lines works with these shapes:",
    "choose fix": "Each of these lines works with these shapes. Press one to copy it:",
    "fix copied": "In the clipboard: {code}",
    "fix by hand": "To be copied by hand: {code}",
    # trouble
    "nan": "NaN",
    "inf": "infinite",
    "vanishing": "vanishing",
    "exploding": "exploding",
    "dead": "dead",
    "unused": "unused",
    "broadcast": "broadcast",
    "detached": "cut off",
    "try": "Try: {remedy}.",
    "no trouble": "No trouble found.",
    "one finding": "1 finding",
    "findings": "{count} findings",
    "one finding inside": "1 finding inside",
    "findings inside": "{count} findings inside",
    "not drawn": "not in the graph",
    "next pick": "Next (F)",
    "previous pick": "Previous (Shift+F)",
    "pick": "{number} of {count} · {word}: {text}",
    "made nan": "{op} made {count} of {total} numbers NaN, out of inputs that had none.",
    "made inf": "{op} made {count} of {total} numbers infinite, out of inputs that were finite.",
    "given nan": "{name} came with {count} NaN among {total} numbers.",
    "given inf": "{name} came with {count} infinite among {total} numbers.",
    "gradient nan": "On the way back {op} made {count} of {total} numbers of the gradient of {name} NaN.",
    "gradient inf": "On the way back {op} made {count} of {total} numbers of the gradient of {name} infinite.",
    "gradient shrinks": "Over {count} operations the gradient shrinks to {ratio} of its size, from {late} back to {early}.",
    "gradient grows": "Over {count} operations the gradient grows to {ratio} times its size, from {late} back to {early}.",
    "dead units": "{dead} of {units} units of {op} are 0 for all {batch} examples, so no gradient passes them.",
    "no path": "{name} ({count} numbers) is not in this graph: no gradient reaches it.",
    "stretched": "{first} ({one}) and {second} ({two}) were stretched to {result} on the way to one number.",
    "cut detach": "{name} was detached (detach() or .data): no gradient reaches what it was computed from.",
    "cut no_grad": "{name} was computed outside of the graph (no_grad, detach() or .data): no gradient reaches what it was computed from.",
    "cut cast": "{name} was cast to {dtype}, which has no gradient: none reaches what it was computed from.",
    "cut whole": "{name} has no history: no gradient reaches anything.",
    "remedy log": "keep its input above 0: x.clamp(min=1e-8)",
    "remedy div": "add a small number to the divisor",
    "remedy sqrt": "add a small number under the root",
    "remedy exp": "subtract the largest first, or use log_softmax or logsumexp",
    "remedy data": "look at where it comes from: the data, or a step that was too large",
    "remedy other": "look at its inputs, and at the learning rate",
    "remedy vanishing": "relu for sigmoid or tanh, normalisation, or residual connections",
    "remedy exploding": "smaller initial weights, normalisation, or clip_grad_norm_",
    "remedy dead": "a smaller learning rate, or leaky_relu",
    "remedy unused": "use it in forward, or leave it out of the optimizer",
    "remedy broadcast": "give both one shape: .squeeze(1) or .unsqueeze(1)",
    "remedy detached": "leave the cut out, if that should learn",
    # two graphs
    "only here": "only here",
    "one here inside": "1 only here, inside",
    "here inside": "{count} only here, inside",
    "no difference": "No difference found.",
    "one difference": "1 difference",
    "differences": "{count} differences",
    "exchanged": "exchanged",
    "only in": "only in {title}",
    "exchange": "{one}: {first}. {two}: {second}.",
    "rest": "{pieces} and {count} more",
    "compared": "{one}: {first}. {two}: {second}. In both: {both}. Only in {one}: {left}. Only in {two}: {right}.",
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
    "naive": "Naive recursion beside the right order (N)",
    "position": "Position in the computation",
    "zoom in": "Zoom in (+)",
    "zoom out": "Zoom out (−)",
    "fit": "Fit the whole graph (0)",
    "as table": "Show as table (T)",
    "as graph": "Show as graph (T)",
    "keys": "Keys (?)",
    "keys title": "Keys",
    "key step": "one step back, one step on",
    "key ends": "first step, last step",
    "key play": "play or pause",
    "key walk": "the next node of the picture",
    "key open": "on a node: its details; on a module: open or close it",
    "key details": "the details of a module",
    "key around": "open or close the module that the node is in",
    "key zoom": "larger, smaller, the whole graph",
    "key pan": "move the picture or the table",
    "key table": "table or picture",
    "key language": "the other language",
    "key escape": "close the details, or these keys",
    "key number": "in a number: a small step, ten small steps",
    "key enter": "in a number: take what was typed",
    "this step forward": "this step, forward",
    "this step backward": "this step, backward",
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
    "naive order": "naive recursion",
    "right order": "right order",
    "visits": "{count} visits, a node once for every path",
    "turns": "{count} turns, the youngest first, each node once",
    "again": "again",
    "visit of": "visit {number} of {of}",
    "visits left out": "… {count} more visits are left out",
    "turns left out": "… {count} more turns are left out",
    "so far": "naive: {visits} of {total} visits; right order: {turns} of {all} turns",
    "naive none": "There is no way back here that naive recursion could go.",
    "naive off": "the right order again",
    "meet": "gradients meet at {tensor}: {sum}",
    "given gradient": "given",
    "more terms": "… {count} more",
    "held": "held for backward: {tensors}, {bytes}",
    "held leaves": "{bytes} of them are leaves, which are there anyway",
    "one tensor": "1 tensor",
    "tensors": "{count} tensors",
    "bytes": "{count} bytes",
    "now saved": "saved now: {names}",
    "now freed": "freed now: {names}",
    "is saved": "saved for backward",
    "is freed": "freed",
    "badge saved": "saved",
    "naive held": "none can be freed on the way: a later visit may need it again",
    "saves": "saves",
    "saved by": "saved by",
    "role input": "its input",
    "role output": "its output",
    "role own": "an array of its own",
    "arrays": "{count} arrays of its own",
    "not yet": "not computed yet",
    "fetching": "fetching …",
    "stats": "min {low} · mean {mean} · max {high}",
    "trouble": "{nan} NaN · {inf} infinite",
    "shown": "{shown} of {shape} is shown",
    "unreachable": "The kernel does not answer: it is busy or was restarted.",
    "not in file": "This file holds the nearest pictures and numbers only. For this one, show the graph in a notebook.",
    "offline": "This page needs no Python and no network. To change numbers, show the graph in a notebook.",
    "page title": "Computation graph of {name}",
    "table": "As a table",
    "rows skipped": "… and {count} more rows",
    "failed": "The graph could not be drawn: {error}",
    "this language": "English",
    "other language": "Show in {name} (L)",
}

CATALOGUES = {"en": ENGLISH, "zh": CHINESE}

_chosen = {"language": "en"}  # for the whole process
_spoken = ContextVar("spoken", default=None)  # for as long as one answer takes


def language(code=None):
    """Switch the words of new pictures, trees and widgets: ``"en"`` or ``"zh"``, for the whole process. Without an argument, tell which it is.

    Exceptions keep PyTorch's words.

    >>> from lesson_lib import viz
    >>> viz.language()
    'en'
    >>> viz.language("zh")
    >>> text("operations", count=3)
    '3 个运算'
    >>> viz.language("en")
    """
    if code is None:
        return _spoken.get() or _chosen["language"]
    _chosen["language"] = checked(code)
    return None


def checked(code):
    """``code`` if there is a catalogue for it, else ValueError."""
    if code not in CATALOGUES:
        raise ValueError(f"the language of pictures is {' or '.join(map(repr, CATALOGUES))}, not {code!r}")
    return code


@contextmanager
def speaking(code):
    """Use another language inside the block, in this thread only: a widget answers in its own."""
    token = _spoken.set(code)
    try:
        yield
    finally:
        _spoken.reset(token)


def text(key, **values):
    """The text for ``key`` with ``values`` filled in.

    >>> text("partly", arrived=1, total=2)
    '1 of 2 added'
    """
    return CATALOGUES[language()][key].format(**values)
