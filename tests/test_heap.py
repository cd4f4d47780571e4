"""What a step frees stays with the process, unless the user's environment says otherwise."""

import os
import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, lesson_lib as torch
from lesson_lib.core.heap import keep_freed_memory
x = torch.ones(1000, 100)
def step():
    values = [x * number for number in range(50)]  # 20 MB
step(), step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, keep_freed_memory())
"""


def faults(**environment):
    """(pages that the system had to give to a step, whether freed memory is kept) in a fresh process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=kept | environment, capture_output=True, text=True, check=True)
    count, kept = done.stdout.split()
    return int(count), kept == "True"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_a_step_writes_to_the_pages_of_the_one_before():
    count, kept = faults()
    assert kept and count < 100
    for name, value in (("MALLOC_TRIM_THRESHOLD_", "1000"), ("GLIBC_TUNABLES", "glibc.malloc.trim_threshold=1000")):
        count, kept = faults(**{name: value})
        assert not kept and count > 1000
