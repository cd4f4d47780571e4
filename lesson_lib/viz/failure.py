"""``failure(exc)``: the graph that led to a failed operation, with the operation marked, the shapes that clash, and lines that would have worked."""

import linecache
from functools import partial
from math import prod

from ..core.tensor import edge_of
from .clash import clashing
from .failed_call import failed_call
from .fixes import fixes_for
from .graph import GraphView
from .living import in_notebook, marked, new_place
from .marked import marks_json
from .marks import Mark, Span, annotated
from .model import OpNode, SourceLine, Step
from .names import names_seen_from
from .summary import shape_text
from .svg import can_draw, to_svg
from .texts import CATALOGUES, language, speaking, text
from .trace import Trace
from .user_code import UserCode
from .view import View

if hasattr(GraphView, "picture"):
    from .failure_widget import FailureView
else:  # no anywidget is installed
    FailureView = GraphView

NEAREST = 8  # operations before the failed one that are drawn
LONGEST = 40  # characters of an operand's expression
SHOWN = 4  # operands that are written out
FAILED = "failed"  # id of the failed operation
SHAPED = ("view", "reshape")


class Failure:
    """What a failed operation looks like. A notebook shows the picture, a terminal the text. It holds no tensor of the failed call but numbers for the cards.

    ``fixes`` are the lines that would have worked. In a notebook, while the kernel runs, each is a button that copies it.
    """

    view, replay = View(values_only=True), None  # as a Graph has them

    def __init__(self, model, said, fixes):
        self.model, self.fixes = model, fixes
        self._said = said  # language -> (the title, the lines below it)

    @property
    def title(self):
        """Which operation failed, and PyTorch's message."""
        return self._said[language()][0]

    @property
    def lines(self):
        """All lines below the picture, as lists of Spans."""
        lines = [[Span(self.title, "strong")], *self._said[language()][1]]
        if self.fixes:
            lines.append([Span(text("fixes"), "small")])
        width = max((len(fix.code) for fix in self.fixes), default=0)
        for number, fix in enumerate(self.fixes, 1):
            result = [Span(f"   → {fix.shape}", "small")] if fix.shape else []
            lines.append([Span(f"{number}  ", "strong"), Span(fix.code.ljust(width), "code"), *result])
        return lines

    def marks(self):
        """id -> Mark: the failed operation."""
        return {FAILED: Mark("fault", "✕", text("fault"))}

    def extras(self, model):
        """What a widget needs besides the graph: the mark, the lines, and the fixes to choose from."""
        title, lines = self._said[language()]
        told = {"title": title, "lines": [[list(vars(span).values()) for span in line] for line in lines], "fixes": [fix._asdict() for fix in self.fixes]}
        return {"marks": marks_json(self.marks()), "failure": told}

    def svg(self, theme="light"):
        """The picture as SVG text."""
        picture = to_svg(self.model, View(theme=theme, values_only=True))
        return annotated(picture, self.marks(), self.lines, theme, self.title)

    def widget(self):
        """The graph before the failure, to look into, and the fixes to choose from, for a notebook."""
        return FailureView(self)

    def __repr__(self):
        return "\n".join("".join(span.words for span in line) for line in self.lines)

    def still(self):
        """The mimebundle that needs no kernel."""
        picture = {"image/svg+xml": self.svg()} if can_draw() else {}
        return {"text/plain": repr(self), **picture}

    def _repr_mimebundle_(self, include=None, exclude=None):
        return marked(self.still(), new_place(partial(FailureView, self)) if in_notebook() and FailureView is not GraphView else "")


def failure(exc):
    """The Failure of an exception that an operation on tensors raised; None for any other exception.

    In a notebook it is shown by itself, beneath the traceback, while ``viz.errors()`` is on.

    >>> import lesson_lib as torch
    >>> from lesson_lib import viz
    >>> try:
    ...     torch.ones(2, 3) + torch.ones(2)
    ... except RuntimeError as exc:
    ...     shown = viz.failure(exc)
    >>> print(str(shown).splitlines()[0])
    ✕ add failed: The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 1
    """
    call = failed_call(exc)
    if call is None:
        return None
    code = UserCode(call)
    message = str(exc).split("\n")[0]
    names = names_seen_from(call.frame)
    model, labels = _model(call, code, names)
    said = {}
    for each in CATALOGUES:  # now, since nothing of the call is kept
        with speaking(each):
            said[each] = _title(call, code, message), [*_operand_lines(call, labels, message), _your_line(call)]
    return Failure(model, said, fixes_for(call, code, exc) if code.statement is not None else [])


def _title(call, code, message):
    module = None if call.module_path is None else code.module_name(*call.module_path) or call.module_path[1] or type(call.calls[0]).__name__
    if module in (None, call.name):
        return text("failed op", op=call.name, message=message)
    return text("failed op in", op=call.name, module=module, message=message)


def _your_line(call):
    number = call.at[0] or call.frame.f_lineno
    line = SourceLine(call.frame.f_code.co_filename, number, "")
    written = linecache.getline(line.file, number).strip()
    return [Span(text("your line") + "  ", "small"), Span(f"{line.place}  "), Span(written, "code")]


# --- the graph ------------------------------------------------------------------------------------------------------


def _model(call, code, names):
    """(the graph before the failed operation with that operation at its end, the operands' names by place)."""
    for operand in call.operands:
        written = code.name(operand) or {"self": "input", "": text("constant")}.get(operand.role, operand.role)
        names.add(written if len(written) <= LONGEST else written[: LONGEST - 1] + "…", operand.tensor)
    tensors = list({id(operand.tensor): operand.tensor for operand in call.operands}.values())
    trace = Trace(tensors, names, NEAREST)
    cards = {operand.place: trace.tensor_ids[_key(operand.tensor)] for operand in call.operands}
    model = trace.model
    model.tensors = {key: model.tensors[key] for key in (*(key for key in model.tensors if key not in cards.values()), *cards.values())}
    model.steps = [Step("start", text("start"), values=tuple(model.tensors))]
    for key in cards.values():
        if model.tensors[key].kind == "loss":
            model.tensors[key].kind = "intermediate"
    model.ops[FAILED] = OpNode(id=FAILED, name=call.name, symbol=call.symbol, title=call.name)
    for position, key in enumerate(cards.values()):
        model.connect(key, FAILED, position)
    return model, {place: model.tensors[key].name for place, key in cards.items()}


def _key(tensor):
    """Under what a Trace knows a tensor."""
    edge = edge_of(tensor)
    return id(tensor) if edge is None else edge


# --- the words under it ---------------------------------------------------------------------------------------------


def _operand_lines(call, labels, message):
    """One line per operand: its name, its shape with the clashing dimensions in brackets, its type and device where they differ."""
    clash = clashing(call, message)
    shown = sorted(call.operands, key=lambda operand: not clash.get(operand.place))[:SHOWN]
    dtypes = {operand.tensor.dtype.name for operand in call.operands}
    devices = {str(operand.tensor.device) for operand in call.operands}
    lines, asked = [], _asked(call)
    for operand in (operand for operand in call.operands if operand in shown):
        tensor = operand.tensor
        line = [Span(f"{labels[operand.place]}   "), *shape_spans(tensor.shape, clash.get(operand.place, ()))]
        if asked:
            line = [line[0], Span(text("elements", shape=shape_text(tensor.shape), count=tensor.numel()), "fault")]
        if len(dtypes) > 1 or dtypes != {"float32"}:
            line.append(Span(f"   {tensor.dtype.name}", "fault" if len(dtypes) > 1 and not any(clash.values()) else "plain"))
        if len(devices) > 1:
            line.append(Span(f"   {tensor.device}", "fault"))
        lines.append(line)
    return lines + asked


def shape_spans(shape, clashing_dims):
    """``2×[3]``: a shape whose clashing sizes stand in brackets."""
    if not len(shape):
        return [Span(text("scalar"))]
    spans = []
    for dim, size in enumerate(shape):
        if dim:
            spans.append(Span("×"))
        spans.append(Span(f"[{size}]", "fault") if dim in clashing_dims else Span(str(size)))
    return spans


def _asked(call):
    """Of ``view``: the shape that was asked for, if it has another number of elements."""
    given = call.args[1:]
    sizes = given[0] if given and isinstance(given[0], tuple | list) else given
    known = call.name in SHAPED and sizes and all(isinstance(size, int) and size >= 0 for size in sizes)
    if not known or prod(sizes) == call.operands[0].tensor.numel():
        return []
    return [[Span(text("asked") + "   "), Span(text("elements", shape=shape_text(sizes), count=prod(sizes)), "fault")]]
