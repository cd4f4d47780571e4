"""How a tensor lies in memory, where it comes from and what stands for it: ``dim_order``, ``is_inference``, ``as_subclass``."""

from ..core.errors import error
from ..core.op import View, method, op
from ..core.state import class_keepers, watchers
from ..core.tensor import Tensor, wrap
from .case import case

_FORMATS = {"torch.contiguous_format": None, "torch.channels_last": (0, 2, 3, 1), "torch.channels_last_3d": (0, 2, 3, 4, 1)}


def _further_out(one, other):
    """1 if the dimension ``one`` = (step, size) lies outside of ``other``, -1 if inside, 0 if that cannot be told: an expanded one has no place."""
    if 0 in (one[0], other[0]):
        return 0
    if one[0] != other[0]:
        return 1 if one[0] > other[0] else -1
    return 1 if one[1] > other[1] else 0


@method()
def dim_order(self, *, ambiguity_check=False):
    """The dimensions in the order in which they lie in memory, the outermost first.

    ``ambiguity_check`` may be True (the order must be certain) or a list of memory formats (certain, or exactly one of them must fit).

    >>> import lesson_lib as torch
    >>> torch.empty(2, 3, 5).transpose(1, 2).dim_order()
    (0, 2, 1)

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.dim_order.html
    """
    if not isinstance(ambiguity_check, bool | list):
        raise error("order_check")
    places = list(zip(self.stride(), self.shape, strict=True))
    uncertain = ambiguity_check is not False and (1 in self.shape or len(set(self.stride())) < self.ndim)
    if uncertain and (ambiguity_check is True or sum(_has_format(self, one) for one in ambiguity_check) != 1):
        raise error("order_ambiguous")
    order = []  # insertion sort: what cannot be compared keeps its place
    for dim in range(self.ndim):
        at = len(order)
        for earlier in range(len(order) - 1, -1, -1):
            outside = _further_out(places[dim], places[order[earlier]])
            if outside < 0:
                break
            if outside > 0:
                at = earlier
        order.insert(at, dim)
    return tuple(order)


def _has_format(tensor, memory_format):
    """True if the elements lie in the order of this memory format without gaps."""
    dims = _FORMATS.get(memory_format)
    if dims is None:
        return tensor.is_contiguous()
    return tensor.ndim == len(dims) and tensor.permute(dims).is_contiguous()


@method()
def const_data_ptr(self):
    """The address of the first element, to be read only. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.const_data_ptr.html"""
    return self.data_ptr()


@method()
def is_inference(input):
    """False: what is made in inference mode is an ordinary tensor here. Source: https://pytorch.org/docs/stable/generated/torch.is_inference.html"""
    return False


@method()
def is_neg(input):
    """False: a negation is computed at once. Source: https://pytorch.org/docs/stable/generated/torch.Tensor.is_neg.html"""
    return False


@method()
def module_load(self, other, assign=False):
    """What ``load_state_dict`` may put in this tensor's place for ``other``: its values in this memory, or (``assign``) its own.

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.module_load.html
    """
    return other.detach() if assign else self.copy_(other).detach()


# --- subclasses ---------------------------------------------------------------------------------------------------------


@op
class alias(View):
    """The same look at the same memory, as another object.   ∂y/∂x = 1."""

    public = False

    def forward(xp, x):
        return x[...]

    def grad_x(g):
        return g

    def samples(t):
        yield case(t(2, 3))


@method()
def as_subclass(self, cls):
    """The same memory and history as an object of ``cls``, a subclass of Tensor.   ∂y/∂x = 1.

    What is computed from an object of a subclass is of that subclass too (but detach() gives a plain tensor).

    >>> import lesson_lib as torch
    >>> class Named(torch.Tensor):
    ...     def hello(self):
    ...         return f"I have {self.numel()} elements"
    >>> torch.zeros(3).as_subclass(Named).hello()
    'I have 3 elements'

    Source: https://pytorch.org/docs/stable/generated/torch.Tensor.as_subclass.html
    """
    _check_subclass(cls)
    source = alias.op.raw(self)
    result = wrap(source._a, cls)
    for name in ("_rg", "_edge", "_base", "_ver"):
        setattr(result, name, getattr(source, name))
    result.__dict__.update(source.__dict__)
    return result


def _make_subclass(cls, data, require_grad=False):
    """A leaf of the subclass ``cls`` over the memory of ``data``: for the ``__new__`` of subclasses."""
    _check_subclass(cls)
    result = wrap(data.detach()._a, cls)
    result._rg = bool(require_grad)
    return result


def _check_subclass(cls):
    if not (isinstance(cls, type) and issubclass(cls, Tensor)):
        raise error("subclass_type")


Tensor._make_subclass = staticmethod(_make_subclass)

_spreading = set()  # the user's subclasses: results are of the first one among the inputs


def _keep_class(op, inputs, params, output):
    """A watcher: give the results of an operation the class of its inputs."""
    for value in inputs:
        if type(value) in _spreading:
            for result in output if isinstance(output, tuple) else (output,):
                if type(result) is Tensor:
                    result.__class__ = type(value)
            return


class_keepers.add(_keep_class)


def _subclassed(cls, **kwargs):
    """A subclass was written. Parameters are none in this sense: what is computed from them are plain tensors."""
    super(Tensor, cls).__init_subclass__(**kwargs)
    if "_printed" in vars(cls) or getattr(cls, "_is_param", False) or cls.__module__.startswith("lesson_lib."):  # ours have no results of their own class
        return
    _spreading.add(cls)
    if _keep_class not in watchers:
        watchers.append(_keep_class)


Tensor.__init_subclass__ = classmethod(_subclassed)
