"""A replay computes without being seen, and only in its own thread: recordings of other threads go on, and nothing stays switched off."""

import threading

import pytest

import lesson_lib as torch
from lesson_lib import viz
from lesson_lib.core import state


class Gate:
    """Lets a test act while another thread is in the middle of a replay."""

    def __init__(self):
        self.inside, self.go_on = threading.Event(), threading.Event()
        self.closed = False

    def pass_through(self):
        if self.closed:
            self.inside.set()
            assert self.go_on.wait(10)


def gated(gate, fails=False):
    """A replay of a graph whose middle operation stops at ``gate``, and refuses the second time if it ``fails``."""

    class Stops(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            gate.pass_through()
            if fails and gate.closed:
                raise KeyboardInterrupt
            return a * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    with viz.record():
        x = torch.ones(2, requires_grad=True)
        out = Stops.apply(x * 1).sum()
    replay = viz.replay(out)
    replay.set("t0", 5.0, index=0)
    gate.closed = True
    return replay


def run(work):
    """``work`` in a thread of its own: (the thread, what it raised or returned)."""
    told = []

    def body():
        try:
            told.append(work())
        except BaseException as exc:  # the test looks at it
            told.append(exc)
        told.append(state.thread.unheard)

    thread = threading.Thread(target=body)
    thread.start()
    return thread, told


def test_the_recording_of_another_thread_goes_on_while_a_replay_runs():
    gate = Gate()
    replay = gated(gate)
    before = list(state.watchers)
    with viz.record() as tape:
        thread, told = run(replay.update)
        assert gate.inside.wait(10)
        y = (torch.ones(3, requires_grad=True) * 4).sum()  # while the replay stands at the gate
        assert len(tape) == 2
        gate.go_on.set()
        thread.join(10)
        assert len(tape) == 2, "and the replay's own operations are not among them"
        (y * 2).sum()
        assert len(tape) == 4
    assert told[0].tensors["t0"].value.rows == ((5.0, 1.0),)
    assert viz.graph(y).model.tensors["t0"].value.rows == ((1.0, 1.0, 1.0),)
    assert state.watchers == before


def test_a_tape_that_is_stopped_or_begun_meanwhile_stays_so():
    gate = Gate()
    replay = gated(gate)
    before = list(state.watchers)
    stopped = viz.record()
    thread, _ = run(replay.update)
    assert gate.inside.wait(10)
    stopped.stop()
    begun = viz.record()
    gate.go_on.set()
    thread.join(10)
    (torch.ones(2, requires_grad=True) * 3).sum()
    assert (len(stopped), len(begun)) == (0, 2)
    begun.stop()
    assert state.watchers == before


def test_a_replay_that_is_interrupted_leaves_everything_on():
    gate = Gate()
    replay = gated(gate, fails=True)
    gate.go_on.set()
    with viz.record() as tape:
        thread, told = run(replay.update)
        thread.join(10)
        assert isinstance(told[0], KeyboardInterrupt)
        assert told[1] is False
        with pytest.raises(KeyboardInterrupt):
            replay.update()
        assert not state.thread.unheard
        assert torch.is_grad_enabled()
        (torch.ones(2, requires_grad=True) * 3).sum()
        assert len(tape) == 2


def test_what_is_tried_for_a_failed_operation_is_not_seen_and_hides_nobody_else():
    with viz.record() as tape:
        with pytest.raises(RuntimeError) as caught:
            torch.ones(2, 3, requires_grad=True) @ torch.ones(2, 3)
        count = len(tape)
        assert viz.failure(caught.value) is not None
        assert len(tape) == count
        (torch.ones(2, requires_grad=True) * 3).sum()
        assert len(tape) == count + 2


def test_unwatched_blocks_may_be_nested():
    with state.unwatched():
        with state.unwatched():
            pass
        assert state.thread.unheard
    assert not state.thread.unheard
