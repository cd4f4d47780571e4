"""The check under an exercise: it says what is right, what is not yet, and never stops the notebook."""

import numpy as np

from ..core.tensor import Tensor


def check(answer, expected, hint="", *, tol=1e-4):
    """Compare a learner's answer with the right one and print what was found.

    answer: what the learner computed; ``...``, which every exercise starts with, counts as not tried yet.
    expected: a number, string, tuple or Tensor. Tensors must agree in shape and dtype, and each number may differ by
    ``tol`` times its size, $|a - e| \\le tol \\cdot \\max(1, |e|)$.  hint: printed with a wrong answer.
    Nothing is raised, so a notebook with open exercises still runs from top to bottom.

    >>> from lesson_lib.course import check
    >>> check(..., 7)
    Not tried yet: put your answer in place of the ... and run the cell again.
    >>> check(6, 7, hint="Count the last one too.")
    Not yet: 6 is not the answer. Count the last one too.
    >>> check(7, 7)
    Correct.
    """
    if answer is ...:
        print("Not tried yet: put your answer in place of the ... and run the cell again.")
        return
    problem = _difference(answer, expected, tol)
    print(f"Not yet: {problem} {hint}".rstrip() if problem else "Correct.")


def _difference(answer, expected, tol):
    """One sentence on how ``answer`` differs from ``expected``, or None."""
    if isinstance(expected, Tensor):
        return _tensor_difference(answer, expected, tol)
    if isinstance(expected, float) and _is_number(answer):
        same = abs(float(answer) - expected) <= tol * max(1.0, abs(expected))
    else:
        same = _plain(answer) == expected
    return None if same else f"{answer} is not the answer."


def _tensor_difference(answer, expected, tol):
    if not isinstance(answer, Tensor):
        return f"a Tensor is wanted, and this is a {type(answer).__name__}."
    if answer.shape != expected.shape:
        return f"the shape should be {tuple(expected.shape)}, and is {tuple(answer.shape)}."
    if answer.dtype != expected.dtype:
        return f"the dtype should be {expected.dtype}, and is {answer.dtype}."
    found, wanted = (tensor.detach().cpu().numpy() for tensor in (answer, expected))
    right = np.isclose(found, wanted, rtol=tol, atol=tol)
    return None if right.all() else f"{(~right).sum()} of {right.size} numbers differ."


def _is_number(value):
    return isinstance(value, (int, float, np.number)) or (isinstance(value, Tensor) and value.numel() == 1)


def _plain(value):
    """A one-element Tensor as a Python number, so that ``tensor(7)`` answers a question about 7."""
    return value.item() if isinstance(value, Tensor) and value.numel() == 1 else value
