"""The ratios as pictures on a logarithmic axis, readable on a light and on a dark page."""

import contextlib
from itertools import chain

from .figures import FASTER, WORST
from .libraries import OTHERS, TITLES
from .registry import chosen
from .timing import geometric_mean

TEXT, FAST, SLOW = "#7a828c", "#3b8bd0", "#dd7c24"  # a grey, a blue and an orange that stand out on white and on black, also to the colour-blind
DOT = dict(s=26, edgecolors="white", linewidths=0.7)


def draw(figures, path):
    """Write the picture of the ratios: for each workload a bar at one thread and a dot at two; faster to the left of 1, slower to the right."""
    threads = figures.threads() or [1]
    columns = arranged(figures)
    height = max(map(len, columns))
    with drawing(path, 1, 2, figsize=(10, 0.9 + 0.17 * height)) as (picture, axes):
        for plot, rows in zip(axes, columns):
            draw_column(plot, rows, figures, threads, height)
        words = " and ".join(f"{mark} at {n} thread{'s' * (n > 1)}" for mark, n in zip(("a bar", "a dot", "a dot"), threads))
        picture.suptitle(f"lesson_lib's time over PyTorch's: {words}. Left of 1 lesson_lib is faster.", fontsize=9)


@contextlib.contextmanager
def drawing(path, *shape, **options):
    """(the picture, its axes), which is written in the end."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    style = {"svg.fonttype": "none", "svg.hashsalt": "lesson_lib", "font.family": "sans-serif", "font.size": 8, "text.color": TEXT}
    style |= dict.fromkeys(("axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), TEXT)
    with pyplot.rc_context(style):
        picture, axes = pyplot.subplots(*shape, layout="constrained", **options)
        yield picture, axes
        picture.savefig(path, transparent=True, metadata={"Date": None})
        pyplot.close(picture)


def arranged(figures):
    """Two columns of (name, None for a group), of about the same height; no group is torn."""
    groups = {}
    for work in chosen([]):
        if any(work.name in figures.ratios(threads) for threads in figures.threads()):
            groups.setdefault(work.group, [(work.group, None)]).append((work.name, work))
    blocks = list(groups.values())
    cuts = [[list(chain(*half)) for half in (blocks[:n], blocks[n:])] for n in range(len(blocks) + 1)]
    return min(cuts, key=lambda columns: max(map(len, columns)))


def draw_column(plot, rows, figures, threads, height):
    """One half of the workloads, with the figures in columns of their own at the right."""
    every = [ratio for n in threads for ratio in figures.ratios(n).values()]
    right, least = 1.15 * max(WORST, *every), 0.9 * min(0.5, *every)
    step = (right / least) ** 0.12  # so much further to the right for the figures of the next number of threads
    for place, n in enumerate(threads):
        found = [(y, figures.ratios(n)[name]) for y, (name, _) in enumerate(rows) if name in figures.ratios(n)]
        heights, ratios = [y for y, _ in found], [ratio for _, ratio in found]
        colors = [FAST if ratio <= 1 else SLOW for ratio in ratios]
        if place:
            plot.scatter(ratios, heights, color=colors, zorder=3, **DOT)
        else:
            plot.barh(heights, [ratio - 1 for ratio in ratios], left=1, height=0.72, color=colors, alpha=0.65)
        for y, ratio in found:
            plot.text(right * step**place, y, f"{ratio:.2f}", va="center", color=SLOW if ratio > WORST else TEXT)
        plot.text(right * step**place, -1.0, f"{n} thr.", va="bottom")
    for x, style in ((1, "-"), (WORST, "--")):
        line(plot, x, style, len(rows))
    plot.set_ylim(height - 0.5, -0.8)
    plot.set_yticks(range(len(rows)), [name for name, _ in rows])
    for label, (_, work) in zip(plot.get_yticklabels(), rows):
        label.set_fontweight("bold" if work is None else "normal")
    scale(plot, least, right * step ** len(threads), (0.1, 0.2, 0.5, 1, WORST, 2, 5, 10), right / step**0.5)  # the figures' titles need the room


def draw_others(figures, path):
    """Write the picture of the other libraries: a row for each, a dot for each workload, their time over ours; a stroke is the geometric mean."""
    leads = {library: list(found.values()) for library in OTHERS if (found := figures.leads(library, 1))}
    if not leads:
        return
    every = list(chain(*leads.values()))
    right, least = 1.2 * max(*every, FASTER), 0.8 * min(*every, 0.5)
    with drawing(path, figsize=(8, 1 + 0.3 * len(leads))) as (picture, plot):
        for y, found in enumerate(leads.values()):
            mean = geometric_mean(found)
            plot.scatter(found, [y] * len(found), color=[FAST if lead >= 1 else SLOW for lead in found], alpha=0.7, **DOT)
            plot.plot([mean, mean], [y - 0.4, y + 0.4], color=TEXT, linewidth=3)
            plot.text(right, y, f"{mean:.1f} times, {len(found)} workloads", va="center")
        for x, style in ((1, "-"), (FASTER, "--")):
            line(plot, x, style, len(leads))
        plot.set_ylim(len(leads) - 0.5, -0.6)
        plot.set_yticks(range(len(leads)), [TITLES[library] for library in leads])
        scale(plot, least, right * (right / least) ** 0.25, (0.02, 0.05, 0.1, 0.2, 0.5, 1, FASTER, 10, 30, 100), right)
        words = "a dot for each workload, a stroke for the geometric mean. Right of 1 lesson_lib is faster."
        picture.suptitle(f"Their time over lesson_lib's at 1 thread: {words}", fontsize=9)


def line(plot, x, style, height):
    """A vertical line behind so many rows."""
    plot.plot([x, x], [-0.6, height - 0.5], color=TEXT, linewidth=0.8, linestyle=style, zorder=0)


def scale(plot, left, right, ticks, last):
    """A logarithmic axis above, with those of the ticks that lie before the last value; the room behind it is for figures."""
    plot.set_xscale("log")
    plot.set_xlim(left, right)
    ticks = [value for value in ticks if left <= value <= last]
    plot.set_xticks(ticks, [f"{value:g}" for value in ticks])
    plot.minorticks_off()
    plot.tick_params(length=0, labeltop=True, labelbottom=False)
    plot.set_frame_on(False)
