"""Embedding: a learned table with one row for each number."""

from ..core.errors import error
from ..core.grad_mode import no_grad
from ..ops.create import empty
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter


class _Table(Module):
    """A table of rows, one of which may stand for padding."""

    def _set_up(self, num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse):
        if sparse:
            raise error("embedding_sparse")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = padding_idx if padding_idx is None else padding_idx % num_embeddings
        self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse = max_norm, norm_type, scale_grad_by_freq, sparse

    def _make_rows(self, given, device, dtype, requires_grad=True):
        shape = [self.num_embeddings, self.embedding_dim]
        if given is not None and list(given.shape) != shape:
            raise error("embedding_weight")
        self.weight = Parameter(empty(shape, device=device, dtype=dtype) if given is None else given, requires_grad=requires_grad)
        if given is None:
            self.reset_parameters()

    def reset_parameters(self):
        """Draw new rows; the padding row is 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)


class Embedding(_Table):
    """Row i of a learned table for each number i: (*) int → (*, embedding_dim). The rows start as N(0, 1).

    ``padding_idx``: a row of zeros that is not learned. ``max_norm``: longer rows are shortened when looked up.

    >>> import lesson_lib as torch
    >>> torch.nn.Embedding(10, 3)(torch.tensor([[1, 2], [4, 5]])).shape
    torch.Size([2, 2, 3])

    Errors: IndexError for a row that does not exist, NotImplementedError for ``sparse=True``.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html
    """

    def __init__(
        self, num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False, _weight=None,
        _freeze=False, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__()
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise error("embedding_padding")
        self._set_up(num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        self._make_rows(_weight, device, dtype, requires_grad=not _freeze)

    def forward(self, input):
        """The rows."""
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)

    def extra_repr(self):
        """The table's size, and the settings that are not the usual ones."""
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        usual = {"padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False}
        return text + "".join(f", {name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value)

    @classmethod
    def from_pretrained(cls, embeddings, freeze=True, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False):
        """An Embedding with the given table; ``freeze`` keeps it from being learned."""
        if embeddings.ndim != 2:
            raise error("embedding_dims")
        return cls(
            *embeddings.shape, padding_idx=padding_idx, max_norm=max_norm, norm_type=norm_type, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse,
            _weight=embeddings, _freeze=freeze,
        )  # fmt: skip


class EmbeddingBag(_Table):
    """The mean (or sum, or maximum) of the rows of each bag of numbers: the numbers of a 2-d input's row, or those between two ``offsets``.

    >>> import lesson_lib as torch
    >>> torch.nn.EmbeddingBag(10, 3)(torch.tensor([[1, 2], [4, 5]])).shape
    torch.Size([2, 3])

    Errors: RuntimeError for a row that does not exist, NotImplementedError for ``sparse=True``.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
    """

    def __init__(
        self, num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, mode="mean", sparse=False, _weight=None,
        include_last_offset=False, padding_idx=None, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__()
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise error("bag_padding_layer")
        self._set_up(num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        self.mode, self.include_last_offset = mode, include_last_offset
        self._make_rows(_weight, device, dtype)

    def forward(self, input, offsets=None, per_sample_weights=None):
        """One row for each bag."""
        return F.embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode, self.sparse, per_sample_weights,
            self.include_last_offset, self.padding_idx,
        )  # fmt: skip

    def extra_repr(self):
        """The table's size, and the settings that are not the usual ones."""
        usual = {"max_norm": None, "norm_type": 2, "scale_grad_by_freq": False}
        settings = [f"{name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value]
        settings += [f"mode={self.mode!r}"] + ([f"padding_idx={self.padding_idx}"] if self.padding_idx is not None else [])
        return ", ".join([str(self.num_embeddings), str(self.embedding_dim), *settings])

    @classmethod
    def from_pretrained(
        cls, embeddings, freeze=True, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, mode="mean", sparse=False, include_last_offset=False,
        padding_idx=None,
    ):  # fmt: skip
        """An EmbeddingBag with the given table; ``freeze`` keeps it from being learned."""
        if embeddings.ndim != 2:
            raise error("embedding_dims")
        bags = cls(
            *embeddings.shape, max_norm=max_norm, norm_type=norm_type, scale_grad_by_freq=scale_grad_by_freq, mode=mode, sparse=sparse,
            _weight=embeddings, include_last_offset=include_last_offset, padding_idx=padding_idx,
        )  # fmt: skip
        bags.weight.requires_grad = not freeze
        return bags
