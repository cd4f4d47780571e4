"""Layers that change the shape and nothing else."""

from .module import Module


class Flatten(Module):
    """The dimensions from ``start_dim`` to ``end_dim`` become one: (N, C, H, W) → (N, C·H·W).

    >>> import lesson_lib as torch
    >>> torch.nn.Flatten()(torch.ones(2, 3, 4, 4)).shape
    torch.Size([2, 48])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.Flatten.html
    """

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input):
        """The same numbers in fewer dimensions."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self):
        """The dimensions."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Dimension ``dim`` becomes several, of sizes ``unflattened_size``.

    >>> import lesson_lib as torch
    >>> torch.nn.Unflatten(1, (3, 4))(torch.ones(2, 12)).shape
    torch.Size([2, 3, 4])

    Source: https://pytorch.org/docs/stable/generated/torch.nn.Unflatten.html
    """

    def __init__(self, dim, unflattened_size):
        super().__init__()
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input):
        """The same numbers in more dimensions."""
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self):
        """The dimension and its sizes."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
