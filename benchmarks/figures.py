"""What follows from the results of a run: ratios, means, and whether the targets are met."""

from dataclasses import dataclass, field

from .libraries import OTHERS
from .registry import chosen
from .timing import exponent, geometric_mean

MEAN, WORST, TINY, FASTER, IMPORT_SECONDS, IMPORT_BYTES = 0.9, 1.3, 0.75, 3.0, 0.2, 60e6
STEEPER = 0.15  # an exponent so much above PyTorch's is called steeper


@dataclass
class Figures:
    """The results of one run, by what they are about."""

    machine: dict = field(default_factory=dict)
    times: dict = field(default_factory=dict)  # (name, threads) -> {library: seconds}
    failures: dict = field(default_factory=dict)  # (name, threads, library) -> what went wrong
    memory: dict = field(default_factory=dict)  # name -> {library: bytes}
    imports: dict = field(default_factory=dict)  # library -> (seconds, bytes)
    growth: dict = field(default_factory=dict)  # (name, axis) -> (values, {library: exponent})

    @classmethod
    def of(cls, results):
        """Sort the results; of several imports the shortest and the smallest count."""
        it = cls()
        for result in results:
            name = result.get("name")
            match result["task"]:
                case "machine":
                    it.machine = result["described"]
                case "time":
                    it.times[name, result["threads"]] = result["seconds"]
                    it.failures |= {(name, result["threads"], library): problem for library, problem in result["failures"].items()}
                case "memory":
                    it.memory.setdefault(name, {})[result["library"]] = result["bytes"]
                case "import":
                    now = (result["seconds"], result["bytes"] or 0)
                    it.imports[result["library"]] = tuple(map(min, now, it.imports.get(result["library"], now)))
                case "growth":
                    slopes = {library: exponent(result["values"], seconds) for library, seconds in result["seconds"].items()}
                    it.growth[name, result["axis"]] = (result["values"], slopes)
        return it

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
        return [key for key, (_, slopes) in self.growth.items() if slopes["lesson_lib"] > slopes["torch"] + STEEPER]


@dataclass
class Verdict:
    """A target: its words, what was measured, whether it is met, and the workloads that miss it."""

    target: str
    measured: str
    met: bool
    missed: tuple = ()


def verdicts(figures):
    """One for each target of which something was measured."""
    found = []
    for threads in figures.threads():
        ratios, where = figures.ratios(threads), f"{threads} thread{'s' * (threads > 1)}"
        if not ratios:
            continue
        mean, slow = geometric_mean(ratios.values()), {name: ratio for name, ratio in ratios.items() if ratio > WORST}
        found.append(Verdict(f"geometric mean of the ratios at most {MEAN}, {where}", f"{mean:.2f}", mean <= MEAN))
        worst = max(ratios, key=ratios.get)
        found.append(Verdict(f"no workload above {WORST}, {where}", f"{len(slow)} above; {worst} {ratios[worst]:.2f}", not slow, tuple(slow)))
        if "tiny_ops" in ratios:
            tiny = ratios["tiny_ops"]
            found.append(Verdict(f"tiny operations at most {TINY}, {where}", f"{tiny:.2f}", tiny <= TINY))
    if ratios := figures.memory_ratios():
        more = {name: ratio for name, ratio in ratios.items() if ratio > 1}
        worst = max(ratios, key=ratios.get)
        words = f"{len(more)} of {len(ratios)} above; {worst} {ratios[worst]:.2f}"
        found.append(Verdict("peak memory of a training step at most PyTorch's", words, not more, tuple(more)))
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
        found.append(
            Verdict(f"no exponent of growth {STEEPER} above PyTorch's", f"{len(figures.steeper())} of {len(figures.growth)}", not figures.steeper())
        )
    return found
