"""Find trouble in a graph: NaN and infinities, gradients that vanish or explode, dead units, unused parameters, chance broadcasts, cut branches.

``find`` is a pure function of the Model. Each finding names a node, says in one sentence with a number what was found there, and what helps.
"""

import sys
from math import prod
from typing import NamedTuple

import numpy as np

from ..core.device import to_host
from ..core.half import widened
from ..core.op import Elementwise, registry
from .graph import traced
from .marked import Marked
from .marks import Mark, Span, annotated
from .names import names_seen_from
from .summary import number, shape_text
from .texts import text
from .trace import check_tensors
from .tree import to_text
from .view import View

LARGEST = 10_000_000  # elements of one array that are looked at: a second at most
VANISHED, EXPLODED = 1e-4, 1e4  # at these ratios, float32's seven digits are half gone and one learning rate cannot serve both ends
DEEP = 5  # gradients along the way, at least: over fewer operations a ratio says little about depth
DEAD_SHARE = 0.4  # of units; right after initialisation some are silent by chance
BATCH = 8  # examples, at least: with fewer a unit is often silent for all of them and not dead
SILENT = ("relu", "relu6", "threshold", "hardtanh", "clamp", "clamp_min")  # operations with a flat part at 0
ON_PURPOSE = ("unsqueeze", "index", "select", "slice", "getitem")  # who writes x.unsqueeze(1) wants the stretching
REMEDIES = {
    "log": "log", "log2": "log", "log10": "log", "log1p": "log", "div": "div", "true_div": "div", "reciprocal": "div", "rsqrt": "div", "sqrt": "sqrt", "norm": "sqrt",
    "pow": "sqrt", "exp": "exp", "exp2": "exp", "softmax": "exp",
}  # fmt: skip


class Finding(NamedTuple):
    """Something that is probably wrong. ``node`` is the id of an operation or tensor, "" for what is not in the graph."""

    kind: str  # nan | inf | vanishing | exploding | dead | unused | broadcast | detached
    node: str
    key: str  # of its sentence
    values: dict  # that are filled in
    cure: str  # which remedy

    @property
    def text(self):
        """One sentence, in the language of now."""
        return text(self.key, **self.values)

    @property
    def remedy(self):
        """What helps."""
        return text(f"remedy {self.cure}")

    def __str__(self):
        return f"{self.text} {text('try', remedy=self.remedy)}"


class Trouble(Marked):
    """A graph whose trouble is marked: in the picture by a warm fill, a sign and a word, and by a sentence below it; in the text likewise.

    In a notebook it is live while the kernel runs: choosing a finding opens the modules that it is in and brings it into view.
    """

    def __init__(self, full, view, findings, replay=None, opened=None):
        self.findings = findings
        super().__init__(full, view, opened, replay)

    def marks(self):
        """id in the whole graph -> the kinds of trouble there."""
        found = {}
        for finding in self.findings:
            found.setdefault(finding.node, {})[text(finding.kind)] = None
        return {key: Mark("trouble", "!", " · ".join(kinds)) for key, kinds in found.items() if key}

    def svg(self, step=None, theme=None, selected=None):
        """The picture with the marks and the sentences."""
        theme = theme or self.view.theme
        lines = [[Span(line)] for line in self._sentences()]
        return annotated(super().svg(step, theme, selected), self.marks_on(self.model), lines, theme, " ".join(self._sentences()))

    def extras(self, model):
        """The marks, and the findings to choose from."""
        heading = text("findings", count=len(self.findings)) if len(self.findings) != 1 else text("one finding")
        picks = [
            {"icon": one.kind, "word": text(one.kind), "text": one.text, "more": text("try", remedy=one.remedy), "at": one.node}
            for one in self.findings
        ]  # fmt: skip
        return {**super().extras(model), "picks": {"heading": heading if picks else text("no trouble"), "items": picks}}

    def _sentences(self):
        return [f"! {finding}" for finding in self.findings] or [text("no trouble")]

    @property
    def _text(self):
        words = {key: mark.word for key, mark in self.marks().items()}
        return "\n".join([to_text(self.full, words), *self._sentences()])


def trouble(*outputs, model=None, gradient=None, theme="light"):
    """The graph that computed ``outputs``, with what is probably wrong in it marked; ``.findings`` lists it.

    Takes what ``graph`` takes. Record the forward pass, so that all values are known; with ``model``, a Module, its parameters that no gradient
    reaches are found too.

    >>> import lesson_lib as torch
    >>> from lesson_lib import viz
    >>> x = torch.tensor([0.0, 1.0], requires_grad=True)
    >>> with viz.record():
    ...     loss = (x.log() * 0).sum()
    >>> for finding in viz.trouble(loss).findings:
    ...     print(finding.kind, "-", finding.text)
    inf - log made 1 of 2 numbers infinite, out of inputs that were finite.
    nan - mul · 0 made 1 of 2 numbers NaN, out of inputs that had none.
    nan - On the way back log made 1 of 2 numbers of the gradient of x NaN.
    """
    check_tensors("trouble", outputs)
    graph, replay = traced(outputs, names_seen_from(sys._getframe(1), model), gradient)
    return Trouble(graph, View(theme=theme), find(graph, model), replay)


def find(model, module=None):
    """Every Finding in a Model, and among the parameters of ``module``."""
    return [
        *broken_values(model), *broken_gradients(model), *depth(model), *dead_units(model), *chance_broadcasts(model),
        *cut_branches(model, module), *unused_parameters(model, module),
    ]  # fmt: skip


# --- NaN and infinities ---------------------------------------------------------------------------------------------


def broken_values(model):
    """Where NaN or infinite numbers first appear: in what is given, or in what an operation made of sound inputs."""
    counts = {key: broken(node.value_handle) for key, node in model.tensors.items()}
    for key, node in model.tensors.items():
        for kind, count in zip(("nan", "inf"), counts[key], strict=True):
            before = 0 if node.made_by is None else sum(counts[source][kind == "inf"] for source in model.inputs_of(node.made_by))
            if not count or before or (kind == "inf" and node.made_by is None and _is_mask(node)):
                continue
            if node.made_by is None:
                yield Finding(kind, key, f"given {kind}", {"name": node.name, "count": count, "total": prod(node.shape)}, "data")
            else:
                op = model.ops[node.made_by]
                yield Finding(kind, op.id, f"made {kind}", {"op": op.label, "count": count, "total": prod(node.shape)}, _cure(op))


def broken_gradients(model):
    """Operations that made NaN or infinite gradients out of sound ones."""
    counts = {key: broken(node.gradient_handle) for key, node in model.tensors.items()}
    for key, node in model.tensors.items():
        users = [(op, [counts[out] for out in model.outputs_of(op)]) for op in model.users_of(key)]
        for i, kind in enumerate(("nan", "inf")):
            sound = [op for op, above in users if not any(one[0] or one[1] for one in above)]
            if counts[key][i] and users and len(sound) == len(users):
                op = model.ops[sound[0]]
                words = {"op": op.label, "name": node.name, "count": counts[key][i], "total": prod(node.shape)}
                yield Finding(kind, op.id, f"gradient {kind}", words, _cure(op))


def broken(array):
    """(how many NaN, how many infinities) an array has; (0, 0) for one that is unknown, too large, or of whole numbers."""
    array = _host(array)
    if array is None or array.dtype.kind not in "fc":
        return 0, 0
    nan = int(np.isnan(array).sum())
    return nan, array.size - nan - int(np.isfinite(array).sum())


def _is_mask(node):
    """Attention masks hold −inf on purpose: constants of 0 and −inf."""
    array = _host(node.value_handle)
    return node.kind == "constant" and bool(((array == 0) | (array == -np.inf)).all())


def _cure(op):
    return REMEDIES.get(op.name, "other")


def _host(array):
    """An array on the host in a type that NumPy can count in, or None."""
    if array is None or array.size > LARGEST or array.size == 0:
        return None
    return widened(to_host(array))


# --- gradients along the depth ---------------------------------------------------------------------------------------


def depth(model):
    """A gradient that is far smaller, or far larger, at the beginning of the longest way through the graph than at its end."""
    sizes = [(key, rms(model.tensors[key].gradient_handle)) for key in longest_way(model)]
    sizes = [(key, size) for key, size in sizes if size is not None]
    if len(sizes) < DEEP or not sizes[-1][1]:
        return
    (early, first), (late, last) = sizes[0], sizes[-1]
    ratio = first / last
    if VANISHED <= ratio <= EXPLODED:
        return
    kind, key = ("vanishing", "gradient shrinks") if ratio < VANISHED else ("exploding", "gradient grows")
    names = {"late": model.tensors[late].name, "early": model.tensors[early].name}
    yield Finding(kind, early, key, {"count": len(sizes) - 1, "ratio": number(ratio, 2), **names}, kind)


def longest_way(model):
    """Ids of the tensors along the longest chain of operations, first to last."""
    level, before = {}, {}  # of each tensor: how many operations lead to it, and the input of the last one with the most
    for op in model.ops:
        inputs = [key for key in model.inputs_of(op) if model.tensors[key].kind != "constant"]
        deepest = max(inputs, key=lambda key: level.get(key, 0), default=None)
        for out in model.outputs_of(op):
            level[out], before[out] = level.get(deepest, 0) + 1, deepest
    key, way = max(level, key=level.get, default=None), []
    while key is not None:
        way.append(key)
        key = before.get(key)
    return way[::-1]


def rms(array):
    """The root of the mean square of an array with more than one element; None for others and unsound ones."""
    array = _host(array)
    if array is None or array.size < 2 or not np.isfinite(array).all():
        return None
    return float(np.sqrt(np.mean(np.abs(array.astype("float64" if array.dtype.kind == "f" else "complex128")) ** 2)))


# --- single operations ----------------------------------------------------------------------------------------------


def dead_units(model):
    """Activations of which many units are 0 for the whole batch. A unit is a column, or the channel of an image."""
    for key, node in model.tensors.items():
        op = model.ops.get(node.made_by)
        array = _host(node.value_handle) if op is not None and op.name in SILENT and len(node.shape) > 1 else None
        if array is None or array.shape[0] < BATCH:
            continue
        channel = 1 if array.ndim == 2 or array.ndim > 3 else array.ndim - 1  # a sequence has its units last
        active = np.any(array != 0, axis=tuple(dim for dim in range(array.ndim) if dim != channel))
        dead = int((~active).sum())
        if dead >= DEAD_SHARE * active.size and dead:
            yield Finding("dead", key, "dead units", {"dead": dead, "units": active.size, "op": op.label, "batch": array.shape[0]}, "dead")


def chance_broadcasts(model):
    """(N, 1) with (N,) gives (N, N): seldom meant where it ends in one number."""
    ending = to_one_number(model)
    for op in model.ops:
        sources = [_before_stretching(model, key) for key in model.inputs_of(op)]
        if len(sources) != 2 or op not in ending or not _stretches(model.ops[op].name):
            continue
        shapes = [shape for _, shape in sources]
        if not _is_chance(*shapes) or any(_made_by(model, key) in ON_PURPOSE for key, _ in sources):
            continue
        (first, one), (second, two) = sources
        size = prod(one)
        names = {"first": model.tensors[first].name, "second": model.tensors[second].name}
        shapes = {"one": shape_text(one), "two": shape_text(two), "result": shape_text((size, size))}
        yield Finding("broadcast", op, "stretched", {**shapes, **names}, "broadcast")


def _stretches(name):
    decl = registry.get(name)
    return name.endswith("_loss") or decl is None or issubclass(decl, Elementwise)


def _is_chance(one, two):
    """True for the shapes (N, 1) and (N,), in either order."""
    long, short = (one, two) if len(one) > len(two) else (two, one)
    return len(long) == 2 and len(short) == 1 and long == (short[0], 1) and short[0] > 1


def _before_stretching(model, key):
    """(id, shape) of what a tensor was before ``expand`` stretched it; of a constant, its memory tells."""
    node = model.tensors[key]
    if _made_by(model, key) in ("expand", "broadcast_to"):
        source = model.inputs_of(node.made_by)[0]
        return source, model.tensors[source].shape
    strides = getattr(node.value_handle, "strides", None)
    if node.kind == "constant" and len(node.shape) == 2 and strides and 0 in strides:
        return key, (node.shape[1],) if strides[0] == 0 else (node.shape[0], 1)
    return key, node.shape


def _made_by(model, key):
    op = model.tensors[key].made_by
    return model.ops[op].name if op is not None else ""


def to_one_number(model):
    """Ids of the operations that lead to an output of one element."""
    stack = [node.made_by for node in model.tensors.values() if node.kind == "loss" and prod(node.shape) == 1 and node.made_by]
    found = set()
    while stack:
        op = stack.pop()
        if op not in found:
            found.add(op)
            stack.extend(maker for key in model.inputs_of(op) if (maker := model.tensors[key].made_by) is not None)
    return found


# --- what no gradient reaches ----------------------------------------------------------------------------------------


def cut_branches(model, module=None):
    """Constants that were computed from tensors which require gradients, and outputs without any history."""
    owners = {_memory(node.value_handle) for node in model.tensors.values() if node.kind != "constant" and node.value_handle is not None}
    owners |= {_memory(parameter._a) for parameter in _parameters(module).values()}
    for key, node in model.tensors.items():
        if node.kind != "constant":
            continue
        used = bool(model.users_of(key))
        cut = node.cut or ("detach" if used and _memory(node.value_handle) in owners else "")
        if cut or not used:
            yield Finding("detached", key, f"cut {cut}" if used else "cut whole", {"name": node.name, "dtype": node.dtype}, "detached")


def _memory(array):
    """The identity of the array that owns the memory."""
    while hasattr(getattr(array, "base", None), "nbytes"):
        array = array.base
    return id(array)


def unused_parameters(model, module):
    """Parameters of a module that require gradients and are no leaf of the graph."""
    there = {id(node.value_handle) for node in model.tensors.values() if node.kind == "leaf"}
    for name, parameter in _parameters(module).items():
        if id(parameter._a) not in there:
            yield Finding("unused", "", "no path", {"name": name, "count": parameter.numel()}, "unused")


def _parameters(module):
    return {} if module is None else {name: one for name, one in module.named_parameters() if one.requires_grad}
