"""The figures as a page: benchmarks/RESULTS.md."""

import contextlib
import json
import re
from pathlib import Path

from .figures import WORST, Figures, partly, verdicts, with_threads
from .libraries import OTHERS, TITLES
from .picture import draw, draw_others
from .progress import kind, named, subject
from .registry import chosen
from .timing import exponent, geometric_mean

HERE = Path(__file__).resolve().parent


def read(path):
    """The results that a run kept. A line that was cut when the run was ended does not count."""
    found = []
    for text in Path(path).read_text().splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            found.append(json.loads(text))
    return found


def line(result):
    """One result in one line, for the terminal."""
    failed = [f"{name or 'the harness'} FAILED: {problem}" for name, problem in result.get("failures", {}).items()]
    if result["task"] != "time" and failed:
        return f"{named(result)}  " + "  ".join(failed)
    if result["task"] == "growth":
        ours, theirs = (exponent(result["values"], result["seconds"][lib]) for lib in ("lesson_lib", "torch"))
        ratios = [a / b for a, b in zip(*(result["seconds"][lib] for lib in ("lesson_lib", "torch")))]
        words = f"grows with {result['axis']:10} as its power {ours:5.2f}, PyTorch {theirs:5.2f}"
        return f"{result['name']:24} {words}; ratios {', '.join(f'{ratio:.2f}' for ratio in ratios)}"
    if result["task"] == "memory":
        return f"{result['name']:24} {result['library']:10} {result['bytes'] / 1e6:9.1f} MB at most"
    seconds = result.get("seconds", {})
    words = [f"{name} {value * 1e3:9.3f} ms" for name, value in seconds.items()]
    if {"lesson_lib", "torch"} <= set(seconds):
        words.append(f"ratio {seconds['lesson_lib'] / seconds['torch']:5.2f}")
    return f"{result['name']:24} {result['threads']} thread{'s' * (result['threads'] > 1):1}  " + "  ".join(words + failed)


def write(results, folder=HERE):
    """RESULTS.md and its pictures."""
    figures = Figures.of(results)
    reasons = read_reasons(HERE / "reasons.md")
    (folder / "RESULTS.md").write_text(page(figures, reasons), encoding="utf-8")
    draw(figures, folder / "results.svg")
    draw_others(figures, folder / "others.svg")
    print(f"{folder / 'RESULTS.md'}: " + "; ".join(f"{v.target}: {v.measured}{'' if v.met else ' (missed)'}" for v in verdicts(figures)))


def read_reasons(path):
    """{what missed a target: why}, from the lines "- `what`: why" of a file that is written by hand."""
    return dict(re.findall(r"^- `([^`]+)`: (.+)$", path.read_text(encoding="utf-8"), re.M))


def table(head, rows):
    """Lines of a Markdown table, numbers to the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    right = [{bool(re.match(r"[*]*[\d.]+[*]*$", row[n])) for row in rows if row[n]} == {True} for n in range(len(head))]
    lines = [head, ["--:" if side else "---" for side in right], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def page(figures, reasons):
    """The text of RESULTS.md."""
    parts = [
        "# How fast lesson_lib is beside PyTorch",
        "<!-- Made by `make bench`. Do not edit: the reasons stand in reasons.md. -->",
        "![Our time over PyTorch's for each workload](results.svg)",
        "The libraries take turns in one process for each number of threads, on random inputs from the same seed; their results were compared first. "
        "The shortest time of each counts. A ratio is our time over PyTorch eager's: below 1 we are faster. Forward and backward, float32; training "
        "workloads with the optimizer's step.",
        "\n".join(f"- {what}: {which}" for what, which in figures.described().items()),
        "## Targets",
        targets(figures, reasons),
        "## Means",
        means(figures),
        *times(figures, reasons),
        *others(figures),
        *memory(figures, reasons),
        *imports(figures),
        *growth(figures, reasons),
        *not_measured(figures),
    ]
    return "\n\n".join(part.rstrip() for part in parts if part) + "\n"


def targets(figures, reasons):
    rows = [
        [v.target, v.measured, "met" if v.met else "**missed**", reasons.get(v.target, "see below" if v.missed else "")] for v in verdicts(figures)
    ]
    return table(["target", "measured", "", "why"], rows)


def groups():
    return list(dict.fromkeys(work.group for work in chosen([])))


def means(figures):
    """Geometric means by group."""
    rows = []
    for group in [*groups(), None]:
        size = sum(group in (None, work.group) for work in chosen([]))
        ratios = [figures.ratios(threads, group).values() for threads in figures.threads()]
        if any(ratios):
            cells = [f"{geometric_mean(values):.2f}{partly(len(values), size)}" if values else f"0 of {size} measured" for values in ratios]
            rows.append([group or "all", size, *cells])
    return table(["group", "workloads", *heads(figures, "ratio")], rows)


def is_time(order, name):
    return order["task"] == "time" and order["name"] == name


def heads(figures, *words):
    return [f"{word}, {with_threads(threads)}" for threads in figures.threads() for word in words]


def milliseconds(seconds):
    return f"{seconds * 1e3:.3g}" if seconds < 1 else f"{seconds * 1e3:.0f}"


def times(figures, reasons):
    """A table for each group."""
    for group in groups():
        rows = []
        for work in (work for work in chosen([]) if work.group == group):
            cells, slow = [], False
            for threads in figures.threads():
                seconds = figures.times.get((work.name, threads), {})
                ratio = figures.ratios(threads).get(work.name)
                slow |= ratio is not None and ratio > WORST
                cells += [milliseconds(seconds[lib]) if lib in seconds else "" for lib in ("lesson_lib", "torch")]
                cells.append("" if ratio is None else f"**{ratio:.2f}**" if ratio > WORST else f"{ratio:.2f}")
            problems = {
                f"{library}: {problem}" for order, library, problem in figures.failures() if is_time(order, work.name) and library not in OTHERS
            }
            if any(cells) or problems:
                rows.append([f"`{work.name}`", *cells, "; ".join(sorted(problems)) or (reasons.get(work.name, "") if slow else "")])
        if rows:
            yield f"## {group}"
            yield table(["workload", *heads(figures, "lesson_lib ms", "PyTorch ms", "ratio"), f"why above {WORST}"], rows)


def others(figures):
    """How many times faster we are than the other libraries."""
    leads = {library: found for library in OTHERS if (found := figures.leads(library, 1))}
    failed = {library: [order["name"] for order, lib, _ in figures.failures() if lib == library] for library in OTHERS}
    if leads or any(failed.values()):
        columns = [library for library in OTHERS if library in leads or failed[library]]
        leads = {library: leads.get(library, {}) for library in columns}
        names = [work.name for work in chosen([]) if any(work.name in (*leads[library], *failed[library]) for library in columns)]
        rows = [
            [f"`{name}`", *(f"{leads[lib][name]:.2f}" if name in leads[lib] else "failed" * (name in failed[lib]) for lib in columns)]
            for name in names
        ]
        rows.append(["geometric mean", *(f"{geometric_mean(found.values()):.2f}" if found else "" for found in leads.values())])
        rows.append(["workloads", *(f"{len(leads[lib])}" + f" ({len(failed[lib])} failed)" * bool(failed[lib]) for lib in columns)])
        yield "## Other libraries"
        yield (
            "Their time over ours, 1 thread, for what they can run: above 1 we are faster. Each is written as its own documentation does it. tinygrad runs "
            "each whole step as a `TinyJit` and JAX as a `jax.jit`, compiled and warm before they are timed, tinygrad without its search for "
            "faster kernels (`BEAM`)."
        )
        if absent := [library for library in OTHERS if library not in columns]:
            yield f"Not installed: {', '.join(TITLES[library] for library in absent)}."
        if any(leads.values()):
            yield "![Their time over ours](others.svg)"
        yield table(["workload", *(TITLES[library] for library in columns)], rows)


def memory(figures, reasons):
    """Peaks of training steps."""
    rows = []
    for name, ratio in figures.memory_ratios().items():
        sizes = [f"{figures.memory[name][library] / 1e6:.1f}" for library in ("lesson_lib", "torch")]
        rows.append(
            [f"`{name}`", *sizes, f"**{ratio:.2f}**" if ratio > 1 else f"{ratio:.2f}", reasons.get(f"memory {name}", "") if ratio > 1 else ""]
        )
    if rows:
        yield "## Peak memory of a training step"
        yield (
            "The most that three steps after the first held at once beyond what was there before them: the model, its gradients, the optimizer's state, "
            "and what a library loads in its first step (Numba's modules, code made for these shapes). A process for each, 1 thread."
        )
        yield table(["workload", "lesson_lib MB", "PyTorch MB", "ratio", "why above 1"], rows)


def imports(figures):
    """Seconds and memory of imports."""
    if figures.imports:
        yield "## Import"
        yield "A fresh process each time, the least of several. Python's own start counts in the memory only."
        rows = [[name or "Python alone", f"{seconds * 1e3:.0f}", f"{size / 1e6:.0f}"] for name, (seconds, size) in figures.imports.items()]
        yield table(["import", "ms", "MB"], rows)


def growth(figures, reasons):
    """Exponents side by side."""
    if figures.growth:
        yield "## Growth"
        yield (
            "The slope of log(time) over log(size), 1 thread: 1 is proportional; fixed costs make it smaller. Bold where ours is clearly steeper and the "
            "ratio at the largest size is above 1. The last columns are the ratios at the smallest and at the largest size."
        )
        rows, steeper = [], figures.steeper()
        for (name, axis), (values, slopes, ratios) in figures.growth.items():
            ours, theirs = (f"{slopes[library]:.2f}" for library in ("lesson_lib", "torch"))
            bad = (name, axis) in steeper
            why = reasons.get(f"growth {name} {axis}", "") if bad else ""
            ends = (f"{ratios[n]:.2f}" for n in (0, -1))
            rows.append([f"`{name}`", axis, f"{values[0]} … {values[-1]}", f"**{ours}**" if bad else ours, theirs, *ends, why])
        yield table(["workload", "grows with", "from … to", "lesson_lib", "PyTorch", "ratio, smallest", "ratio, largest", "why"], rows)


def not_measured(figures):
    """What failed, and what a run that was cut did not reach."""
    found = {}
    for order, library, problem in figures.failures():
        found.setdefault((library or "the harness", kind(order), problem), []).append(f"`{subject(order)}`")
    rows = [[library, what, problem, ", ".join(whats)] for (library, what, problem), whats in found.items()]
    rows += [["", what, "the run was ended before", which] for what, which in figures.missing()]
    if rows:
        yield "## Not measured"
        yield table(["library", "what", "why", "of which"], rows)
