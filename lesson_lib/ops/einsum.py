"""Einstein summation: every repeated index is multiplied and summed, "ij,jk->ik" is a matrix product.

The operands are taken two at a time; a pair becomes one batched matrix product. (One loop over all operands at once, as
NumPy's ``einsum`` does for three, can be a thousand times slower.)
"""

from math import prod

from ..core.errors import error
from .matmul import bmm
from .slicing import diagonal
from .view import permute, reshape, unsqueeze


def einsum(equation, *operands):
    r"""Sum of products over named indices, $Y_{ik} = \sum_j A_{ij} B_{jk}$ for ``"ij,jk->ik"``.

    The gradient of each operand is an einsum of the others.

    >>> import lesson_lib as torch
    >>> torch.einsum("ij,ij->i", torch.ones(2, 3), torch.ones(2, 3))
    tensor([3., 3.])

    Source: https://pytorch.org/docs/stable/generated/torch.einsum.html
    """
    if len(operands) == 1 and isinstance(operands[0], tuple | list):
        operands = operands[0]
    if not operands:
        raise error("einsum", message="must provide at least one operand")
    terms, output = _parse(equation, operands)
    labels = list(dict.fromkeys(label for term in terms for label in term))
    order = list(output) + [label for label in labels if label not in output]
    aligned = [_aligned(x, term, order) for x, term in zip(operands, terms, strict=True)]
    _check_sizes(aligned, order)
    kept = len(output)
    result = aligned[0]
    for number, other in enumerate(aligned[1:], 1):
        # A dimension that no later operand has is summed now, while the product is made.
        later = aligned[number + 1 :]
        done = [d for d in range(kept, len(order)) if all(x.shape[d] == 1 for x in later)]
        result = _product(result, other, done)
    left = [d for d in range(kept, len(order)) if len(aligned) == 1 or result.shape[d] != 1]
    if left:
        result = result.sum(dim=left, keepdim=True)
    return reshape(result, tuple(result.shape[:kept]))


def _parse(equation, operands):
    """The labels of each operand and of the output; the dimensions under "..." get numbered labels."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    texts = left.split(",")
    if len(texts) != len(operands):
        raise error("einsum", message=f"the number of specified operands ({len(texts)}) does not match the number of operands ({len(operands)}) in the equation")
    hidden = max((x.ndim - len(t.replace("...", "")) for t, x in zip(texts, operands, strict=True) if "..." in t), default=0)
    terms = [_labels(text, hidden, x.ndim) for text, x in zip(texts, operands, strict=True)]
    for number, (term, x) in enumerate(zip(terms, operands, strict=True)):
        if len(term) != x.ndim:
            raise error("einsum_dims", given=len(term), ndim=x.ndim, number=number)
    if arrow:
        output = _labels(right, hidden, None)
        known = {label for term in terms for label in term}
        for label in output:
            if label not in known:
                raise error("einsum", message=f"output subscript {label} does not appear in the equation for any input operand")
        return terms, output
    counts = [label for term in terms for label in term]
    free = sorted(label for label in set(counts) if isinstance(label, str) and counts.count(label) == 1)
    return terms, list(range(-hidden, 0)) + free


def _labels(text, hidden, ndim):
    """Letters as they are; "..." as the numbers -hidden … -1, counted from the right as broadcasting does."""
    before, dots, after = text.partition("...")
    own = hidden if ndim is None else ndim - len(before) - len(after)
    return [*before, *(range(-own, 0) if dots else ()), *after]


def _aligned(x, term, order):
    """The operand with one dimension per label of ``order``: diagonals for repeated labels, size 1 for absent ones."""
    term = list(term)
    for label in dict.fromkeys(term):
        while term.count(label) > 1:
            first = term.index(label)
            second = term.index(label, first + 1)
            x = diagonal(x, 0, first, second)
            del term[second], term[first]
            term.append(label)
    x = permute(x, [term.index(label) for label in order if label in term])
    for position, label in enumerate(order):
        if label not in term:
            x = unsqueeze(x, position)
    return x


def _check_sizes(aligned, order):
    """Every label has one size (or 1) in all operands."""
    seen = [1] * len(order)
    for number, x in enumerate(aligned):
        for d, size in enumerate(x.shape):
            if 1 != size != seen[d] != 1:
                message = f"subscript {order[d]} has size {size} for operand {number} which does not broadcast with previously seen size {seen[d]}"
                raise error("einsum", message=message)
            seen[d] = max(seen[d], size)


def _product(a, b, done):
    """a·b summed over the dimensions ``done``, as one batched matrix product; every dimension stays, the summed ones with size 1."""
    ndim = a.ndim
    a = a.sum(dim=[d for d in done if b.shape[d] == 1 != a.shape[d]], keepdim=True) if any(b.shape[d] == 1 != a.shape[d] for d in done) else a
    b = b.sum(dim=[d for d in done if a.shape[d] == 1 != b.shape[d]], keepdim=True) if any(a.shape[d] == 1 != b.shape[d] for d in done) else b
    summed = [d for d in done if a.shape[d] != 1]
    if not summed:
        return a * b
    rest = [d for d in range(ndim) if d not in summed]
    batch = [d for d in rest if a.shape[d] != 1 and b.shape[d] != 1]
    rows = [d for d in rest if d not in batch and a.shape[d] != 1]
    cols = [d for d in rest if d not in batch and d not in rows]
    sizes = [max(a.shape[d], b.shape[d]) if d in rest else 1 for d in range(ndim)]
    left = reshape(permute(a, batch + rows + summed + cols), (prod(a.shape[d] for d in batch), prod(a.shape[d] for d in rows), -1))
    right = reshape(permute(b, batch + summed + cols + rows), (prod(b.shape[d] for d in batch), prod(b.shape[d] for d in summed), -1))
    y = bmm(left, right)  # (batch, rows, cols)
    order = batch + rows + cols + summed
    y = reshape(y, tuple(sizes[d] for d in order))
    return permute(y, [order.index(d) for d in range(ndim)])
