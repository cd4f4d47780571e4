"""What follows from the results of a run: ratios, means, and whether the targets are met."""

from dataclasses import dataclass, field

from .libraries import OTHERS
from .registry import chosen
from .runs import key
from .timing import exponent, geometric_mean

MEAN, WORST, TINY, FASTER, IMPORT_SECONDS, IMPORT_BYTES = 0.9, 1.3, 0.75, 3.0, 0.2, 60e6
STEEPER = 0.15  # an exponent so much above PyTorch's is called steeper


@dataclass
class Figures:
    """The results of one run, by what they are about."""

    machines: list = field(default_factory=list)  # one for each time that the run was begun or gone on with
    times: dict = field(default_factory=dict)  # (name, threads) -> {library: seconds}
    memory: dict = field(default_factory=dict)  # name -> {library: bytes}
    imports: dict = field(default_factory=dict)  # library -> (seconds, bytes)
    growth: dict = field(default_factory=dict)  # (name, axis) -> (values, {library: exponent}, ratios)
    failed: dict = field(default_factory=dict)  # order -> the result in which a library failed
    took: dict = field(default_factory=dict)  # order -> seconds

    @classmethod
    def of(cls, results):
        """Sort the results. The last one for an order counts; of several imports the shortest and the smallest."""
        it = cls()
        for result in results:
            it.took[key(result)] = result.get("took", 0)
            it.failed.pop(key(result), None)
            if result.get("failures"):
                it.failed[key(result)] = result
            if {"described", "seconds", "bytes"} & set(result):
                it.take(result)
        return it

    def take(self, result):
        """Sort in what was measured."""
        name = result.get("name")
        match result["task"]:
            case "machine":
                self.machines.append(result["described"])
            case "time":
                self.times[name, result["threads"]] = result["seconds"]
            case "memory":
                self.memory.setdefault(name, {})[result["library"]] = result["bytes"]
            case "import":
                now = (result["seconds"], result["bytes"] or 0)
                self.imports[result["library"]] = tuple(map(min, now, self.imports.get(result["library"], now)))
            case "growth":
                seconds = result["seconds"]
                slopes = {library: exponent(result["values"], times) for library, times in seconds.items()}
                ratios = [ours / theirs for ours, theirs in zip(seconds["lesson_lib"], seconds["torch"])]
                self.growth[name, result["axis"]] = (result["values"], slopes, ratios)

    def described(self):
        """The machine, and when and for how long it measured."""
        if not self.machines:
            return {}
        when = dict.fromkeys(machine.get("Measured") for machine in self.machines if "Measured" in machine)
        minutes = sum(self.took.values()) / 60
        words = [*when, f"{minutes:.0f} minutes"] if minutes >= 1 else when
        return self.machines[-1] | ({"Measured": "; ".join(words)} if when else {})

    def failures(self):
        """(the order, a library, what went wrong) for each."""
        return [(result, library, problem) for result in self.failed.values() for library, problem in result["failures"].items()]

    def threads(self):
        return sorted({threads for _, threads in self.times})

    def ratios(self, threads, group=None):
        """{name: our time over PyTorch's}, in the order of the declarations."""
        both = {name: self.times.get((name, threads), {}) for name in (work.name for work in chosen([]) if group in (None, work.group))}
        return {name: seconds["lesson_lib"] / seconds["torch"] for name, seconds in both.items() if {"lesson_lib", "torch"} <= set(seconds)}

    def leads(self, library, threads):
        """{name: its time over ours}, for the workloads that this library can run."""
        rows = {name: seconds for (name, n), seconds in self.times.items() if n == threads and {"lesson_lib", library} <= set(seconds)}
        return {name: seconds[library] / seconds["lesson_lib"] for name, seconds in rows.items()}

    def memory_ratios(self):
        return {name: both["lesson_lib"] / both["torch"] for name, both in self.memory.items() if all(map(both.get, ("lesson_lib", "torch")))}

    def steeper(self):
        """The (name, axis) whose time grows with a larger exponent than PyTorch's."""
        return [what for what, (_, slopes, _) in self.growth.items() if slopes["lesson_lib"] > slopes["torch"] + STEEPER]

    def missing(self):
        """(what, of how many workloads) for times that were neither measured nor failed: a run was ended before its end."""
        works, tried = chosen([]), {(result["task"], result.get("name"), result.get("threads")) for result in self.failed.values()}
        found = []
        for threads in self.threads() or [1]:
            count = sum((work.name, threads) not in self.times and ("time", work.name, threads) not in tried for work in works)
            found += [(f"time, {with_threads(threads)}", f"{count} of {len(works)} workloads")] if count else []
        return found


@dataclass
class Verdict:
    """A target: its words, what was measured, whether it is met, and the workloads that miss it."""

    target: str
    measured: str
    met: bool
    missed: tuple = ()


def with_threads(threads):
    return f"{threads} thread{'s' * (threads > 1)}"


def partly(count, total):
    """Words behind a figure that not everything went into."""
    return f" ({count} of {total} measured)" if count < total else ""


def verdicts(figures):
    """One for each target of which something was measured. What was not measured does not keep to a limit that holds for every workload."""
    found, total = [], len(chosen([]))
    for threads in figures.threads():
        ratios, where = figures.ratios(threads), with_threads(threads)
        if not ratios:
            continue
        mean, slow = geometric_mean(ratios.values()), {name: ratio for name, ratio in ratios.items() if ratio > WORST}
        part = partly(len(ratios), total)
        found.append(Verdict(f"geometric mean of the ratios at most {MEAN}, {where}", f"{mean:.2f}{part}", mean <= MEAN))
        worst = max(ratios, key=ratios.get)
        words = f"{len(slow)} above; {worst} {ratios[worst]:.2f}{part}"
        found.append(Verdict(f"no workload above {WORST}, {where}", words, not slow and not part, tuple(slow)))
        if "tiny_ops" in ratios:
            tiny = ratios["tiny_ops"]
            found.append(Verdict(f"tiny operations at most {TINY}, {where}", f"{tiny:.2f}", tiny <= TINY))
    if ratios := figures.memory_ratios():
        more = {name: ratio for name, ratio in ratios.items() if ratio > 1}
        worst = max(ratios, key=ratios.get)
        part = partly(len(ratios), sum(work.training for work in chosen([])))
        words = f"{len(more)} of {len(ratios)} above; {worst} {ratios[worst]:.2f}{part}"
        found.append(Verdict("peak memory of a training step at most PyTorch's", words, not more and not part, tuple(more)))
    if "lesson_lib" in figures.imports:
        seconds, size = figures.imports["lesson_lib"]
        fits = seconds <= IMPORT_SECONDS and size <= IMPORT_BYTES
        target = f"import at most {IMPORT_SECONDS} s and {IMPORT_BYTES / 1e6:.0f} MB"
        found.append(Verdict(target, f"{seconds:.3f} s, {size / 1e6:.0f} MB", fits))
    for library in OTHERS[:3]:
        if leads := figures.leads(library, 1):
            mean = geometric_mean(leads.values())
            found.append(
                Verdict(f"at least {FASTER:g} times faster than {library}, 1 thread", f"{mean:.1f} times, {len(leads)} workloads", mean >= FASTER)
            )
    if figures.growth:
        steeper, part = figures.steeper(), partly(len(figures.growth), sum(len(work.grows) for work in chosen([])))
        words = f"{len(steeper)} of {len(figures.growth)}{part}"
        found.append(Verdict(f"no exponent of growth {STEEPER} above PyTorch's", words, not steeper and not part, tuple(steeper)))
    return found
