"""A wide guard on the speed of tiny operations, in one run with PyTorch; `make bench` has the figures."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = "from benchmarks.tiny_ops import measure; ours, theirs = measure(rounds=100); print(ours / theirs)"


def test_tiny_ops_keep_their_lead(torch):
    ratio = float(subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert ratio < 1.2, "the goal is 0.75; this much slower means that a call or a turn of the engine has taken on new work"
