"""The figures in words."""

import json
from pathlib import Path

from .timing import exponent


def read(path):
    """The results that a run kept."""
    return [json.loads(text) for text in Path(path).read_text().splitlines()]


def line(result):
    """One result in one line."""
    if result["task"] == "growth":
        ours, theirs = (exponent(result["values"], result["seconds"][lib]) for lib in ("lesson_lib", "torch"))
        return f"{result['name']:24} grows with {result['axis']:8} as {result['axis']}^{ours:.2f}, PyTorch ^{theirs:.2f}"
    if result["task"] == "memory":
        return f"{result['name']:24} {result['library']:10} {result['bytes'] / 2**20:9.1f} MB at most"
    if result["task"] == "import":
        return f"import {result['library'] or 'nothing':17} {result['seconds'] * 1e3:9.1f} ms, {result['bytes'] / 2**20:6.1f} MB with Python's own"
    seconds = result["seconds"]
    words = [f"{name} {value * 1e3:9.3f} ms" for name, value in seconds.items()]
    if {"lesson_lib", "torch"} <= set(seconds):
        words.append(f"ratio {seconds['lesson_lib'] / seconds['torch']:5.2f}")
    words += [f"{name} FAILED: {problem}" for name, problem in result["failures"].items()]
    return f"{result['name']:24} {result['threads']} thread{'s' * (result['threads'] > 1):1}  " + "  ".join(words)
