"""Where and with what was measured."""

import datetime
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .libraries import BOTH, OTHERS

ROOT = Path(__file__).resolve().parent.parent


def described():
    """{what: which}, in the order of the page."""
    import numpy

    blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
    libraries = [f"{name} {found}" for name in (*BOTH[1:], *OTHERS) if (found := version_of(name))]
    return {
        "Processor": f"{processor()}, {os.cpu_count()} cores, {memory()} of memory, {platform.system()}",
        "Python": f"{platform.python_version()}, NumPy {numpy.__version__} with {blas['name']} {blas['version']}",
        "Libraries": ", ".join(libraries),
        "Environment": "`OPENBLAS_CORETYPE` unset for all; OMP_NUM_THREADS, OPENBLAS_NUM_THREADS and MKL_NUM_THREADS set to the number of threads",
        "Measured": f"{datetime.date.today()}, commit {commit()}",
    }


def version_of(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def processor():
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def memory():
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB"
    except (ValueError, AttributeError):
        return "an unknown amount"


def commit():
    """The commit's short name, with a word if files differ from it."""
    answer = subprocess.run(["git", "describe", "--always", "--dirty= and changes"], cwd=ROOT, capture_output=True, text=True)
    return answer.stdout.strip() or "unknown"
