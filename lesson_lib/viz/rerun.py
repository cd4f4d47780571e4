"""One node of a graph computed again, from other inputs: by the forward of its declaration, with the parameters it had.

A tape's Record says what the inputs and parameters were. Without one, what the node saved for its own rules may do.
"""

from contextlib import contextmanager

from ..core.mutation import CopySlices
from ..core.node import AccumulateGrad
from ..core.rng import Generator, default_generator
from ..core.state import thread, unwatched
from ..core.tensor import Tensor, wrap
from .origin import LOST, strong
from .record import record_of
from .texts import text

OVERWRITING = ("copy", "fill_in", "zero")  # operations that ask nothing of their first input but its shape


class NotFollowedError(Exception):
    """This node cannot be computed again; the message says why."""


@contextmanager
def unseen():
    """Inside, operations write a graph, whatever the user has switched off, and no tape hears of them; no random number is used up."""
    before, dice = (thread.grad_enabled, thread.inference), Dice()
    thread.grad_enabled, thread.inference = True, False
    try:
        with unwatched():
            yield dice
    finally:
        thread.grad_enabled, thread.inference = before
        dice.put_back()


class Dice:
    """The random stream as it stood when this was made."""

    def __init__(self):
        self.state = Generator.get_state(default_generator)

    def thrown(self):
        """True if numbers were drawn since."""
        return self.state.tobytes() != Generator.get_state(default_generator).tobytes()

    def put_back(self):
        """Let the stream go on from there."""
        if self.thrown():
            Generator.set_state(default_generator, self.state)


def needs(node):
    """The (node, output number)s whose values the node is computed from, those behind its constants included."""
    record = record_of(node)
    behind = [edge for origin in record.origins if origin is not None for edge in origin.sources()] if record is not None else []
    return [edge for edge in node.edges if edge is not None] + behind


def constants_of(node):
    """The tensors without gradient that the node reads, by position."""
    record = record_of(node)
    if record is None:
        return {}
    edges = (*node.edges, *(None,) * len(record.inputs))
    return {i: value for i, (value, edge) in enumerate(zip(record.inputs, edges, strict=False)) if edge is None and isinstance(value, Tensor)}


def rerun(node, values, wary):
    """The outputs of ``node`` as Tensors of a new node, which is as old as ``node``. NotFollowedError if it cannot be done.

    ``values`` knows the inputs. With ``wary`` an operation that draws random numbers is found out; a user's Function always is.
    """
    if isinstance(node, CopySlices):
        return _written(node, values)
    record = record_of(node)
    op, inputs, params = _from_saved(node, values) if record is None else (record.op, _inputs(node, record, values), record.params)
    dice = Dice() if wary or not hasattr(op, "raw") else None
    try:
        output = op.raw(*inputs, **params) if hasattr(op, "raw") else op.apply(*_not_handed_on(inputs, record))
    except Exception as exc:  # whatever the operation, or the user's own forward, thinks of the new values
        raise NotFollowedError(text("replay failed", error=str(exc).partition("\n")[0])) from exc
    if dice is not None and dice.thrown():
        raise NotFollowedError(text("replay random"))
    outputs = output if isinstance(output, tuple | list) else (output,)
    new = next((out._edge[0] for out in outputs if isinstance(out, Tensor) and out._edge is not None), None)
    if new is None:
        raise NotFollowedError(text("replay lost"))
    new.key = node.key  # so that the way back visits the nodes in the same order as before
    return outputs


def _inputs(node, record, values):
    """What the operation read, with the values of now."""
    found = []
    for position, value in enumerate(record.inputs):
        edge = node.edges[position] if position < len(node.edges) else None
        if edge is not None:
            found.append(values.tensor(edge))
        elif isinstance(value, Tensor):
            found.append(values.constant(value, record.origins[position], record.read[position]))
        else:
            found.append(value)
    return found


def _from_saved(node, values):
    """(declaration, inputs, parameters) of a node that no tape saw, such as the replay of a view."""
    op, saved = node.op, node.saved
    if op is None or op.variadic or not isinstance(saved, tuple) or any(edge is None for edge in node.edges):
        raise NotFollowedError(text("replay unrecorded"))
    return op, [values.tensor(edge) for edge in node.edges], {name: saved[op.layout[name]] for name in op.params}


def _not_handed_on(inputs, record):
    """The inputs of a user's Function; of one that it hands on, or writes to, a copy."""
    handed = {id(array) for array in record.outputs}
    return [_copied(value) if isinstance(now, Tensor) and id(now._a) in handed else value for value, now in zip(inputs, record.inputs, strict=True)]


def _copied(tensor):
    copy = wrap(tensor._a.copy())
    copy._edge, copy._rg = tensor._edge, tensor._rg
    return copy


def _written(node, values):
    """A write to a view: the base as it was, or what is known of it, with the part replaced."""
    before, written = node.edges
    base = values.tensor(before) if before is not None else wrap(_rest(node, values))
    whole = node._laid_out(wrap(base._a.copy()))
    part = node._view(whole)
    part._a[...] = values.tensor(written)._a
    result = wrap(whole._a)
    result._edge, result._rg = base._edge, base._edge is not None
    new = CopySlices(result, node.chain, values.tensor(written)._edge)
    new.key = node.key
    result._edge, result._rg = (new, 0), True
    return (result,)


def _rest(node, values):
    """A constant that was written into: its other elements are those that it has after the write, or after the last of several in a row."""
    while values.known((node, 0)) is None:
        readers = [reader for reader in values.users((node, 0)) if not _goes_unread(reader, values)]
        if len(readers) != 1 or not isinstance(readers[0], CopySlices) or readers[0].edges[0] != (node, 0):
            raise NotFollowedError(text("replay written"))
        node = readers[0]
    return values.known((node, 0))


def _goes_unread(node, values):
    """True for a view that was taken only to be written over."""
    if node.op is None or not node.op.view:
        return False
    users = [(user, (node, number)) for number in range(node.several or 1) for user in values.users((node, number))]
    return all((user.op is not None and user.op.name in OVERWRITING and user.edges[1:] != (edge,)) or _goes_unread(user, values) for user, edge in users)


def computed(origin, values, memo):
    """A constant that was itself computed, as a tensor without history; ``memo`` keeps what is shared."""
    if id(origin) not in memo:
        memo[id(origin)] = _computed(origin, values, memo)
    return memo[id(origin)]


def _computed(origin, values, memo):
    if origin.op is LOST:
        raise NotFollowedError(text("replay overwritten"))
    inputs = []
    for value, edge, behind in zip(origin.inputs, origin.edges, origin.origins, strict=True):
        found = strong(edge)
        if found is not None and (found in values or isinstance(found[0], AccumulateGrad)):
            inputs.append(values.tensor(found).detach() if found in values else found[0].variable.detach())
        elif behind is not None:
            inputs.append(computed(behind, values, memo))
        elif edge is not None:
            raise NotFollowedError(text("replay lost"))
        else:
            inputs.append(value)
    if origin.op is None:
        return inputs[0]
    before, thread.grad_enabled = thread.grad_enabled, False
    try:
        output = origin.op.raw(*inputs, **origin.params)
    finally:
        thread.grad_enabled = before
    return wrap((output[origin.index] if isinstance(output, tuple | list) else output)._a)
