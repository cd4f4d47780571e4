"""How much memory a process holds, and held at most. Linux only; elsewhere the answers are None."""

import ctypes
import gc
from pathlib import Path

STATUS = Path("/proc/self/status")


def kilobytes():
    """{"VmHWM": the most that was resident, "RssAnon": what is, without files, …} in kB."""
    lines = (line.split() for line in STATUS.read_text().splitlines())
    return {words[0].rstrip(":"): int(words[1]) for words in lines if words[-1] == "kB"}


def resident():
    """The bytes that this process holds at most until now."""
    return kilobytes()["VmHWM"] * 1024 if STATUS.exists() else None


def peak(prepare, steps=3):
    """The most bytes that a training step held at once beyond what was there before it: activations, gradients, scratch.

    A first step goes before. What that one leaves behind (the modules and the machine code that a library loads when it first needs them, the
    optimizer's state, the gradients) is no step's own memory. Pages of files (the libraries' own code) do not count.
    """
    if not STATUS.exists():
        return None
    step = prepare()
    step()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what the first step freed goes back, else the next ones would use it unseen
    before = kilobytes()["RssAnon"]
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM starts again at what is resident now
    for _ in range(steps):
        step()
    after = kilobytes()
    return (after["VmHWM"] - after["RssFile"] - after.get("RssShmem", 0) - before) * 1024
