"""How a constant of the graph was cut off from tensors that require gradients, read from what a tape noted of its origin."""

from ..core.op import Compare, Op


def cut_of(record, position):
    """ "detach", "no_grad" or "cast" for input ``position`` of a recorded operation; "" if nothing was cut there."""
    origins = record.origins if record is not None else ()
    origin = origins[position] if position < len(origins) else None
    return "" if origin is None else _reason(origin)


def _reason(origin):
    """Why, at the operation nearest to the graph at which a gradient would have gone on."""
    seen, stack = set(), [origin]
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if one.op is None:
            return "detach"
        if any(edge is not None for edge in one.edges):
            found = _of_operation(one.op, one.params)
            if found:
                return found
        stack.extend(before for before, edge in zip(one.origins, one.edges, strict=True) if before is not None and edge is None)
    return ""


def _of_operation(op, params):
    """A comparison or an argmax never had a gradient, so nothing was cut; a cast to whole numbers and no_grad did cut."""
    if op.name == "to_dtype":
        return "cast" if _is_whole(params) else "no_grad"
    known = isinstance(op, type) and issubclass(op, Op) and not issubclass(op, Compare) and op.differentiable
    return "no_grad" if known else ""


def _is_whole(params):
    return any(getattr(value, "kind", "") in ("i", "u", "b") for value in params.values())
