"""The named tuples that functions with several results return: ``x.max(dim=0).values``."""

from collections import namedtuple


def return_type(name, *fields):
    """A named tuple that prints as PyTorch's: ``torch.return_types.max(`` and a line for each part."""

    def show(self):
        parts = ",\n".join(f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"torch.return_types.{name}(\n{parts})"

    return type(name, (namedtuple(name, fields),), {"__slots__": (), "__module__": "torch.return_types", "__repr__": show})


max, min, median, mode, sort, topk, kthvalue, cummax, cummin = (
    return_type(name, "values", "indices") for name in ("max", "min", "median", "mode", "sort", "topk", "kthvalue", "cummax", "cummin")
)
