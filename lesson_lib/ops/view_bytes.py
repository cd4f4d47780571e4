"""The same bytes read as another dtype."""

from ..core.dtypes import from_numpy_dtype
from ..core.errors import error
from ..core.memory import offset_of, shown_steps
from ..core.op import View, op
from .case import case


@op
class view_dtype(View):
    """The same bytes read as another dtype.   No gradient."""

    public, title = False, "View"

    def forward(xp, x, *, np_dtype):
        return x.view(np_dtype)

    def samples(t):
        yield case(t(2, 4), np_dtype="int32")


def viewed_as(input, dtype):
    """``input``'s bytes read as ``dtype``, or PyTorch's error if they do not fall into whole elements, one beside the other."""
    old, new = input._a.itemsize, dtype.np.itemsize
    if old != new:
        check_bytes(input, dtype, new // old)
    return view_dtype.op.raw(input, np_dtype=dtype.np)


def check_bytes(input, dtype, times):
    """PyTorch's errors; ``times`` old elements make one new one (0: they are split)."""
    names = {"old": from_numpy_dtype(input._a.dtype).title, "new": dtype.title}
    if not input.ndim:
        raise error("bytes_0d", **names)
    *outer, last = shown_steps(input._a)
    if last != 1:
        raise error("bytes_apart", step=last, **names)
    if times:
        measures = [("size(-1)", input.shape[-1]), ("storage_offset()", offset_of(input)), *((f"stride({dim})", step) for dim, step in enumerate(outer))]
        for what, found in measures:
            if found % times:
                raise error("bytes_broken", what=what, times=times, found=found, **names)
