"""Where two Models differ: their operations are aligned in the order of computation, by name and by the shapes that go in and come out."""

from difflib import SequenceMatcher
from typing import NamedTuple


class Difference(NamedTuple):
    """A place at which two graphs differ."""

    own: tuple  # for each of the two: the ids that the other one has not
    near: tuple  # for each of the two: the id to look at, its own first one or what stands before the gap; "" for none


def differences(a, b):
    """(the Differences, in the order of computation and those of given tensors last; how many operations they share)."""
    ops, common = _aligned(a, b, lambda model: list(model.ops), _op_signature)
    given, _ = _aligned(a, b, _given, _tensor_signature)
    # The order of what is given says nothing, so there is nothing to look at on the other side.
    return [*ops, *(one._replace(near=tuple(own[0] if own else "" for own in one.own)) for one in given)], common


def _aligned(a, b, keys_of, signature):
    """(the Differences between two sequences of ids, how many ids are matched)."""
    keys = keys_of(a), keys_of(b)
    marks = [[signature(model, key) for key in own] for model, own in zip((a, b), keys, strict=True)]
    found, matched = [], 0
    for tag, *bounds in SequenceMatcher(None, *marks, autojunk=False).get_opcodes():
        spans = bounds[:2], bounds[2:]
        if tag == "equal":
            matched += spans[0][1] - spans[0][0]
            continue
        own = tuple(tuple(side[begin:end]) for side, (begin, end) in zip(keys, spans, strict=True))
        near = tuple(_near(side, begin, end) for side, (begin, end) in zip(keys, spans, strict=True))
        found.append(Difference(own, near))
    return found, matched


def _near(keys, begin, end):
    if begin == end:
        begin = max(begin - 1, 0)
    return keys[begin] if begin < len(keys) else ""


def _given(model):
    """Ids of what no operation made, by shape: its order says nothing."""
    given = [key for key, node in model.tensors.items() if node.made_by is None]
    return sorted(given, key=lambda key: _tensor_signature(model, key))


def _tensor_signature(model, key):
    node = model.tensors[key]
    return node.kind, node.shape, node.dtype


def _op_signature(model, key):
    inputs, outputs = model.inputs_of(key), model.outputs_of(key)
    shapes = [tuple(model.tensors[one].shape for one in ids) for ids in (inputs, outputs)]
    return model.ops[key].name, *shapes
