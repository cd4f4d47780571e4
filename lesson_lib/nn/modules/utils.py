"""Small helpers that programs import from ``nn.modules.utils``."""

from ...core.errors import error
from ...ops.spatial import ntuple


def _ntuple(n, name="parse"):
    """A function that makes tuples of ``n``: a single number is repeated, anything else taken as it is."""

    def parse(x):
        return ntuple(x, n)

    parse.__name__ = name
    return parse


_single, _pair, _triple, _quadruple = (_ntuple(n, name) for n, name in enumerate(("_single", "_pair", "_triple", "_quadruple"), start=1))


def _reverse_repeat_tuple(t, n):
    """The elements from the last to the first, each ``n`` times: widths of padding as ``pad`` wants them."""
    return tuple(x for x in reversed(t) for _ in range(n))


def _list_with_default(out_size, defaults):
    """Sizes with those of ``defaults`` in place of None."""
    if isinstance(out_size, int):
        return out_size
    if len(defaults) <= len(out_size):
        raise error("list_default", count=len(out_size) + 1)
    return [default if size is None else size for size, default in zip(out_size, defaults[-len(out_size) :], strict=True)]


def consume_prefix_in_state_dict_if_present(state_dict, prefix):
    """Take ``prefix`` off the names, in place: a model that was wrapped when it was saved is loaded unwrapped.

    >>> import lesson_lib as torch
    >>> state = {"module.weight": 1, "step": 2}
    >>> torch.nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
    >>> state
    {'step': 2, 'weight': 1}

    Source: https://pytorch.org/docs/stable/generated/torch.nn.modules.utils.consume_prefix_in_state_dict_if_present.html
    """
    _without_prefix(state_dict, prefix)
    if hasattr(state_dict, "_metadata"):
        _without_prefix(state_dict._metadata, prefix, prefix.replace(".", ""))


def _without_prefix(names, prefix, whole=None):
    for key in [key for key in names if key and (key == whole or key.startswith(prefix))]:
        names[key[len(prefix) :]] = names.pop(key)
