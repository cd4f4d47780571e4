"""The ``*_copy`` functions: what a view shows, as a tensor with memory of its own. One table, made of the views and ``clone``."""

from ..core.errors import error
from ..core.out import write_out
from ..core.tensor import Tensor
from .cast import clone
from .complex_numbers import view_as_complex, view_as_real
from .join import split, split_with_sizes, unbind
from .layout import alias
from .slicing import as_strided, diagonal, select, slice_, unfold
from .view import expand, permute, squeeze, t, transpose, unsqueeze


def _copying(name, look):
    """The function ``name``: the view ``look``, copied."""

    def function(input, *args, out=None, **kwargs):
        if not isinstance(input, Tensor):
            raise error("operand_type", name=name, argument="input", position=1, type=type(input).__name__)
        result = look(input, *args, **kwargs)
        if not isinstance(result, tuple):
            copied = clone(result, memory_format="torch.contiguous_format")
            return copied if out is None else write_out(out, copied, name, (input,))
        copies = tuple(map(clone, result))
        if out is None:
            return copies
        if len(out) != len(copies):
            raise error("out_count", name=name, expected=len(copies), found=len(out))
        for target, copied in zip(out, copies, strict=True):
            write_out(target, copied, name, (input,))
        return None  # as PyTorch, which has no result then

    function.__wrapped__, view_name = look, name.removesuffix("_copy")
    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"``{view_name}``, as a copy with its own memory in place of a view.\n\n    Source: https://pytorch.org/docs/stable/generated/torch.{name}.html"
    )
    return function


_VIEWS = {
    "alias": alias, "as_strided": as_strided, "detach": alias, "diagonal": diagonal, "expand": expand, "permute": permute, "select": select, "slice": slice_,
    "split": split, "split_with_sizes": split_with_sizes, "squeeze": squeeze, "t": t, "transpose": transpose, "unbind": unbind, "unfold": unfold,
    "unsqueeze": unsqueeze, "view": Tensor.view, "view_as_complex": view_as_complex, "view_as_real": view_as_real,
}  # fmt: skip
COPIES = {f"{name}_copy": _copying(f"{name}_copy", look) for name, look in _VIEWS.items()}
globals().update(COPIES)
