"""Sequences of different lengths in one batch: padded to the longest, or packed without padding.

Padded, a batch is one tensor (steps, batch, …). Packed, the sequences are sorted by length and the steps stand one below the other, each with
as many rows as there are sequences that last that long: nothing is computed for padding, and the reverse direction starts at each
sequence's own end.

Source: https://pytorch.org/docs/stable/nn.html#utility-functions-in-other-modules
"""

from collections.abc import Iterable
from typing import NamedTuple

from ...core import dtypes
from ...core.errors import error
from ...core.tensor import Tensor
from ...ops.create import arange, empty_like, full
from ...ops.data import as_tensor, tensor
from ...ops.index_vector import index_select
from ...ops.join import cat, stack, unbind
from ...ops.order import sort


class PackedSequence_(NamedTuple):
    """The four parts of a PackedSequence."""

    data: object
    batch_sizes: object
    sorted_indices: object
    unsorted_indices: object


class PackedSequence(PackedSequence_):
    """Sequences without padding: ``data`` (rows, …) holds ``batch_sizes[t]`` rows for step t. ``pack_padded_sequence`` makes one.

    ``sorted_indices`` says which sequence of the batch stands at which place, ``unsorted_indices`` undoes that; None: they were sorted.

    >>> import lesson_lib as torch
    >>> torch.nn.utils.rnn.pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4])])
    PackedSequence(data=tensor([1, 4, 2, 3]), batch_sizes=tensor([2, 1, 1]), sorted_indices=None, unsorted_indices=None)

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html
    """

    def __new__(cls, data, batch_sizes=None, sorted_indices=None, unsorted_indices=None):
        if batch_sizes is None:
            if not isinstance(data, tuple | list) or len(data) != 2:
                raise error("pack_pair")
            data, batch_sizes = data
        if batch_sizes.device.type != "cpu":
            raise error("pack_batch_sizes")
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args, **kwargs):
        """``data`` on another device or of another dtype; the indices follow to the device."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        indices = (index if index is None else index.to(data.device) for index in (self.sorted_indices, self.unsorted_indices))
        return type(self)(data, self.batch_sizes, *indices)

    def pin_memory(self):
        """``data`` and the indices in pinned memory."""
        indices = (index if index is None else index.pin_memory() for index in (self.sorted_indices, self.unsorted_indices))
        return type(self)(self.data.pin_memory(), self.batch_sizes, *indices)

    def cuda(self, *args, **kwargs):
        """On a GPU."""
        return self.to(*args, **kwargs) if args or "device" in kwargs else self.to("cuda", **kwargs)

    def cpu(self, *args, **kwargs):
        """On the CPU."""
        return self.to(*args, device="cpu", **kwargs)

    def double(self):
        """``data`` in float64."""
        return self.to(dtype=dtypes.float64)

    def float(self):
        """``data`` in float32."""
        return self.to(dtype=dtypes.float32)

    def half(self):
        """``data`` in float16."""
        return self.to(dtype=dtypes.float16)

    def long(self):
        """``data`` in int64."""
        return self.to(dtype=dtypes.int64)

    def int(self):
        """``data`` in int32."""
        return self.to(dtype=dtypes.int32)

    def short(self):
        """``data`` in int16."""
        return self.to(dtype=dtypes.int16)

    def char(self):
        """``data`` in int8."""
        return self.to(dtype=dtypes.int8)

    def byte(self):
        """``data`` in uint8."""
        return self.to(dtype=dtypes.uint8)

    @property
    def is_cuda(self):
        """Whether ``data`` is on a GPU."""
        return self.data.is_cuda

    def is_pinned(self):
        """Whether ``data`` is in pinned memory."""
        return self.data.is_pinned()


def invert_permutation(permutation):
    """The permutation that undoes ``permutation``; None of None.

    >>> import lesson_lib as torch
    >>> torch.nn.utils.rnn.invert_permutation(torch.tensor([2, 0, 1]))
    tensor([1, 2, 0])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.invert_permutation.html
    """
    if permutation is None:
        return None
    return empty_like(permutation).scatter_(0, permutation, arange(permutation.numel(), device=permutation.device))


def pack_padded_sequence(input, lengths, batch_first=False, enforce_sorted=True):
    """Leave the padding out: input (steps, N, …), or (N, steps, …) with ``batch_first``, and N lengths → a PackedSequence.

    Lengths must decrease; ``enforce_sorted=False`` sorts the sequences first, and results come back in the order given.

    >>> import lesson_lib as torch
    >>> torch.nn.utils.rnn.pack_padded_sequence(torch.tensor([[1, 4], [2, 0], [3, 0]]), [3, 1]).data
    tensor([1, 4, 2, 3])

    Errors: RuntimeError for lengths that do not fit.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html
    """
    lengths = as_tensor(lengths, dtype=dtypes.int64)
    order = None
    if not enforce_sorted:
        lengths, order = sort(lengths, descending=True, stable=True)
        order = order.to(input.device)
        input = index_select(input, 0 if batch_first else 1, order)
    input = input.transpose(0, 1) if batch_first else input
    _check_lengths(input, lengths)
    present = arange(max(int(lengths[0]), input.size(0)))[:, None] < lengths  # which sequence has which step
    batch_sizes = present[: int(lengths[0])].sum(1)
    return PackedSequence(input[present[: input.size(0)].to(input.device)], batch_sizes, order)


def _check_lengths(input, lengths):
    if input.numel() == 0:
        raise error("pack_empty")
    if lengths.dim() != 1 or lengths.device.type != "cpu":
        raise error("pack_lengths", ndim=lengths.dim(), device=lengths.device.type, type=lengths.dtype.title)
    if len(lengths) != input.size(1):
        raise error("pack_count", found=len(lengths), batch=input.size(1))
    if lengths[-1] <= 0:
        raise error("pack_length")
    if (lengths[1:] > lengths[:-1]).any():
        raise error("pack_sorted")


def pad_packed_sequence(sequence, batch_first=False, padding_value=0.0, total_length=None):
    """Undo ``pack_padded_sequence``: (the padded batch, the lengths). ``total_length`` pads to more steps than the longest has.

    >>> import lesson_lib as torch
    >>> packed = torch.nn.utils.rnn.pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4])])
    >>> torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    (tensor([[1, 2, 3],
            [4, 0, 0]]), tensor([3, 1]))

    Errors: ValueError for a ``total_length`` below the longest.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html
    """
    longest = sequence.batch_sizes.size(0)
    if total_length is not None and total_length < longest:
        raise error("pad_total", total=total_length, longest=longest)
    data, sizes, _, order = sequence
    present = arange(int(sizes[0])) < sizes[:, None]
    lengths = present.sum(0)
    padded = data.new_full((total_length or longest, *present.shape[1:], *data.shape[1:]), _as_kind_of(data, padding_value))
    mask = cat([present, present.new_zeros((len(padded) - longest, present.size(1)))]).to(data.device)
    padded = padded.index_put((mask,), data)
    if batch_first:
        padded = padded.transpose(0, 1)
    if order is None:
        return padded, lengths
    return index_select(padded, 0 if batch_first else 1, order), lengths[order.cpu()]


def _as_kind_of(data, value):
    """The number that a tensor of this dtype holds when it is filled with ``value``."""
    return value if data.is_floating_point() or data.is_complex() else int(value)


def pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side="right"):
    """Sequences of different lengths as one tensor (longest, N, …), or (N, longest, …), filled up with ``padding_value``.

    >>> import lesson_lib as torch
    >>> torch.nn.utils.rnn.pad_sequence([torch.tensor([1, 2, 3]), torch.tensor([4])], batch_first=True)
    tensor([[1, 2, 3],
            [4, 0, 0]])

    Errors: RuntimeError without a sequence, or for an unknown side.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html
    """
    if not isinstance(sequences, Iterable):
        raise error("pad_iterable", type=type(sequences))
    sequences = unbind(sequences) if isinstance(sequences, Tensor) else tuple(sequences)
    for index, sequence in enumerate(sequences):
        if not isinstance(sequence, Tensor):
            raise error("pad_element", index=index, type=type(sequence).__name__)
    if not sequences:
        raise error("pad_none")
    if padding_side not in ("left", "right"):
        raise error("pad_side", found=padding_side)
    if any(sequence.dim() == 0 for sequence in sequences):
        raise error("pad_0d")
    longest, first = max(map(len, sequences)), sequences[0]
    value = _as_kind_of(first, padding_value)
    rows = []
    for sequence in sequences:
        filling = full((longest - len(sequence), *first.shape[1:]), value, dtype=first.dtype, device=first.device)
        sequence = sequence.to(first.dtype).expand(len(sequence), *first.shape[1:])
        rows.append(cat([sequence, filling] if padding_side == "right" else [filling, sequence]))
    return stack(rows, 0 if batch_first else 1)


def unpad_sequence(padded_sequences, lengths, batch_first=False):
    """Undo ``pad_sequence``: a list with the first ``lengths[i]`` steps of each sequence.

    >>> import lesson_lib as torch
    >>> torch.nn.utils.rnn.unpad_sequence(torch.tensor([[1, 2, 3], [4, 0, 0]]), torch.tensor([3, 1]), batch_first=True)
    [tensor([1, 2, 3]), tensor([4])]

    Errors: ValueError unless there is one length for each sequence.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpad_sequence.html
    """
    sequences = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [sequence[: int(length)].clone() for sequence, length in zip(unbind(sequences), lengths.tolist(), strict=True)]


def pack_sequence(sequences, enforce_sorted=True):
    """A PackedSequence of a list of sequences (length, …). Lengths must decrease; ``enforce_sorted=False`` sorts them.

    >>> import lesson_lib as torch
    >>> torch.nn.utils.rnn.pack_sequence([torch.tensor([4]), torch.tensor([1, 2, 3])], enforce_sorted=False).sorted_indices
    tensor([1, 0])

    Errors: RuntimeError for lengths that are not sorted.
    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_sequence.html
    """
    return pack_padded_sequence(pad_sequence(sequences), tensor([len(sequence) for sequence in sequences]), enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences):
    """Undo ``pack_sequence``: the list of sequences, in their first order.

    >>> import lesson_lib as torch
    >>> torch.nn.utils.rnn.unpack_sequence(torch.nn.utils.rnn.pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4])]))
    [tensor([1, 2, 3]), tensor([4])]

    Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpack_sequence.html
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
