"""Anomaly mode: which line of the forward program made the node whose backward failed, or gave nan?

While it is on, a watcher writes the user's lines into every new node, and the engine checks each turn. Off, it costs
one truth test per backward pass.
"""

import os
import traceback
import warnings

from .errors import error, user_frame
from .node import AccumulateGrad
from .state import anomaly_mode, watchers

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LINES = "traceback_"  # PyTorch's key for them in node.metadata


def set_anomaly_enabled(enabled, check_nan=True):
    """Switch anomaly mode on or off. Source: https://pytorch.org/docs/stable/autograd.html#anomaly-detection"""
    anomaly_mode.enabled, anomaly_mode.check_nan = bool(enabled), bool(check_nan)
    if anomaly_mode.enabled and remember not in watchers:
        watchers.append(remember)
    elif not anomaly_mode.enabled and remember in watchers:
        watchers.remove(remember)


def remember(op, inputs, params, output):
    """The watcher: keep the user's lines with the node that the operation wrote."""
    for tensor in output if isinstance(output, tuple | list) else (output,):
        edge = getattr(tensor, "_edge", None)
        if edge is not None:
            if _LINES not in edge[0].metadata:
                edge[0].metadata[_LINES] = _user_lines()
            return  # all outputs share one node


def _user_lines():
    """The calls that led here, outermost first, without this package's own; in a notebook, from the cell on."""
    calls = [call for call in traceback.extract_stack(user_frame()) if not call.filename.startswith(_PACKAGE)]
    cells = [number for number, call in enumerate(calls) if os.path.basename(os.path.dirname(call.filename)).startswith("ipykernel_")]
    return traceback.format_list(calls[cells[0] :] if cells else calls)


def run_checked(run, roots, *, on_step=None, **options):
    """``run``, the engine's loop; when it fails, a warning shows the forward lines of the node it was at."""

    def check(step):
        if anomaly_mode.check_nan:
            _refuse_nan(step)
        if on_step is not None:
            on_step(step)

    try:
        run(roots, on_step=check, **options)
    except Exception as exc:
        node = _node_at_work(run, exc)
        if node is not None:
            warnings.warn(_report(node), stacklevel=5)
        raise


def _refuse_nan(step):
    ruleless = getattr(step.node.op, "ruleless", ())
    number = 0
    for position, part in enumerate(step.contributions):
        array = getattr(part, "_a", part)
        if array is not None and (array != array).any():  # nan alone differs from itself
            raise error("anomaly_nan", name=step.node.name(), number=number)
        number += position not in ruleless  # an index or a mask has no place in PyTorch's count


def _node_at_work(run, exc):
    """The engine's loop failed: its frame still knows which node it was at."""
    trace = exc.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is run.__code__:
            return trace.tb_frame.f_locals.get("node")
        trace = trace.tb_next
    return None


def _report(node):
    lines = _lines_of(node)
    if lines is None:
        return (
            f"Error detected in {node.name()}. No forward pass information available. Enable detect anomaly during forward pass for more information."
        )
    return f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n" + "".join(lines)


def _lines_of(node):
    """A node that a write into a view made stands for the operation whose result was written."""
    lines = node.metadata.get(_LINES)
    if lines is None and node.op is None and node.edges and not isinstance(node, AccumulateGrad):
        written = node.edges[-1]
        return written and written[0].metadata.get(_LINES)
    return lines
