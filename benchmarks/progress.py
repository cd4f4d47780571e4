"""How far a run is, in one line on the screen."""

import math
import sys
import time

from .libraries import BOTH

SECONDS = {"time": 3.5, "growth": 5.0, "memory": 7.0, "import": 1.2}  # about what an order takes, as long as nothing was measured
GUEST = 2.0  # more for each further library


class Progress:
    """``[ 12 of 296] time, 2 threads: resnet18; 14 minutes left``: a line that changes, or one for each order where the output is a file."""

    def __init__(self, stream=None, clock=time.perf_counter):
        self.stream, self.clock = stream or sys.stderr, clock
        self.total = self.done = 0
        self.guessed = self.ahead = 0.0  # seconds that the orders behind us should have taken, and those before us should take

    def plan(self, orders):
        """Everything that will be measured."""
        self.total, self.ahead, self.begun = len(orders), math.fsum(map(guess, orders)), self.clock()

    def begins(self, order):
        """This order is being measured."""
        pace = (self.clock() - self.begun) / self.guessed if self.guessed > 20 else 1.0
        left = math.ceil(self.ahead * pace / 60)
        text = f"[{self.done + 1:>{len(str(self.total))}} of {self.total}] {named(order)}; {left} minute{'s' * (left != 1)} left"
        if self.stream.isatty():
            self.stream.write(f"\r\x1b[K{text}")
        else:
            self.stream.write(text + "\n")
        self.stream.flush()

    def ends(self, order):
        """It has its answer, or has failed."""
        self.done += 1
        self.guessed += guess(order)
        self.ahead -= guess(order)
        if self.done == self.total and self.stream.isatty():
            self.stream.write("\r\x1b[K")


def guess(order):
    """About how many seconds an order takes."""
    return SECONDS[order["task"]] + GUEST * max(len(order.get("libraries", BOTH)) - len(BOTH), 0)


def named(order):
    """An order in words."""
    return f"{kind(order)}: {subject(order)}"


def kind(order):
    """What is measured."""
    return order["task"] + f", {order['threads']} thread{'s' * (order['threads'] > 1)}" * (order["task"] == "time")


def subject(order):
    """Of what."""
    names = [order.get("name"), order.get("axis"), order.get("library")]
    return ", ".join(filter(None, names)) or "Python alone"
