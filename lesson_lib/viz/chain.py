"""The chain rule in numbers: upstream · local = contribution, for one input of one operation."""

import numpy as np

from ..core.device import namespace, to_host
from ..core.op import Elementwise
from .model import Part
from .summary import QUICK, number, shape_text, summarise
from .texts import text


def local_derivatives(turn, saved):
    """∂y/∂input of each input as an array of numbers, or None where the derivative is no elementwise product.

    An elementwise rule is linear in the gradient that arrives, so run on ones it answers with the derivative itself.
    So does any rule whose output is one number, once its answer is divided by what arrived. ``saved`` is what the node
    had saved at its turn.
    """
    node, upstream, contributions = turn
    if node.several or upstream.dtype.kind == "c":
        return None
    if node.op is not None and issubclass(node.op, Elementwise):
        return node.contributions(namespace(upstream).ones_like(upstream), saved)
    if upstream.size == 1 and float(upstream.reshape(())) != 0:
        return [None if array is None else array / upstream.reshape(()) for array in contributions]
    return None


def make_part(position, upstream, local, contribution, fitted, rule):
    """The Part for one input; ``fitted`` is the contribution after broadcast dimensions were summed."""
    return Part(
        position=position,
        upstream=summarise(upstream),
        local=None if local is None else summarise(local),
        contribution=summarise(fitted),
        rule=rule,
        summed=contribution.shape != fitted.shape,
        terms=_terms(upstream, local, contribution, fitted),
    )


def _terms(upstream, local, contribution, fitted):
    """One element's sum, (upstream, local, result, where), or None without a local derivative.

    Where all elements agree ``where`` is empty. Else the largest contribution is the example: 0 · 0 = 0 teaches little.
    """
    if local is None or not 0 < contribution.size <= QUICK:
        return None
    up, slope, result = (to_host(np.broadcast_to(to_host(a), contribution.shape)) for a in (upstream, local, contribution))
    if all(_uniform(a) for a in (up, slope, result, to_host(fitted))):
        at, where = (0,) * result.ndim, ""
        shown = to_host(fitted).flat[0]
    elif contribution.shape != fitted.shape:
        return None
    else:
        at = np.unravel_index(int(np.nanargmax(abs(np.nan_to_num(result)))), result.shape)
        where = f"[{', '.join(str(int(i)) for i in at)}]"
        shown = result[at]
    return up[at].item(), slope[at].item(), shown.item(), where


def _uniform(array):
    return bool((array == array.flat[0]).all())


def label_lines(parts):
    """The arrow's label: ``0.25 · 3`` and ``= 0.75`` on a line of their own; two uses of a tensor are added up."""
    if any(part.terms is None for part in parts):
        return [f"{shape_text(part.upstream.shape)} → {shape_text(part.contribution.shape)}" for part in parts]
    places = {part.terms[3] for part in parts}
    if len(places) > 1:  # each part has its own example, so there is no common sum
        return [f"{part.terms[3]} {_product(part)}" for part in parts]
    lines = [("+ " if i else "") + _product(part) for i, part in enumerate(parts)]
    total = number(sum(part.terms[2] for part in parts))
    return [*filter(None, places), *lines, f"= {total}"]


def _product(part):
    up, slope, _, _ = part.terms
    return f"{'Σ ' if part.summed else ''}{_factor(number(up))} · {_factor(number(slope))}"


def _factor(shown):
    return f"({shown})" if shown.startswith("−") else shown


def sentence(part, target):
    """The step's sentence for one part: what arrived, what it was multiplied with, where it goes."""
    upstream = shown(part.upstream)
    if part.terms is None and part.local is None:
        return text("flow rule", upstream=upstream, rule=part.rule, target=target)
    if part.terms is None:
        return text("flow sum", upstream=upstream, local=shown(part.local), target=target)
    up, slope, result = map(number, part.terms[:3])
    where = part.terms[3]
    return text("flow at" if where else "flow", upstream=up, local=slope, result=result, index=where, target=target)


def shown(summary):
    """A tensor in a sentence: its number if all elements agree, else its shape in parentheses."""
    same = summary.uniform
    return number(same) if same is not None else f"({shape_text(summary.shape)})"
