"""The ratios as bars on a logarithmic axis, readable on a light and on a dark page."""

from .figures import WORST
from .registry import chosen

TEXT, FAST, SLOW = "#7a828c", "#3b8bd0", "#dd7c24"  # a grey, a blue and an orange that stand out on white and on black, also to the colour-blind


def draw(figures, path):
    """Write the picture: a bar for each workload at one thread, a dot at two; faster to the left of 1, slower to the right."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    threads = figures.threads() or [1]
    rows = arranged(figures, threads[0])
    half = -(-len(rows) // 2)
    columns = [rows[:half], rows[half:]]
    style = {"svg.fonttype": "none", "svg.hashsalt": "lesson_lib", "font.family": "sans-serif", "font.size": 8, "text.color": TEXT}
    style |= dict.fromkeys(("axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), TEXT)
    with pyplot.rc_context(style):
        picture, axes = pyplot.subplots(1, 2, figsize=(10, 1 + 0.17 * half), sharex=True, layout="constrained")
        for plot, column in zip(axes, columns):
            draw_column(plot, column, figures, threads, half)
        words = [f"bar: {threads[0]} thread", *(f"dot: {n} threads" for n in threads[1:])]
        picture.suptitle(f"lesson_lib's time over PyTorch's ({', '.join(words)}); dashed: {WORST}", fontsize=9)
        picture.savefig(path, transparent=True, metadata={"Date": None})
        pyplot.close(picture)


def arranged(figures, threads):
    """(name or group, ratio or None) from top to bottom."""
    rows = []
    for group in dict.fromkeys(work.group for work in chosen([])):
        if ratios := figures.ratios(threads, group):
            rows += [(group, None), *ratios.items()]
    return rows


def draw_column(plot, rows, figures, threads, height):
    """One half of the workloads."""
    for y, (name, ratio) in enumerate(rows):
        if ratio is not None:
            plot.barh(y, ratio - 1, left=1, height=0.7, color=FAST if ratio <= 1 else SLOW)
            dots = [more for n in threads[1:] if (more := figures.ratios(n).get(name))]
            plot.plot(dots, [y] * len(dots), "o", color=TEXT, markersize=4, markeredgecolor="white", markeredgewidth=0.6)
            plot.text(max(ratio, WORST, *dots) * 1.09, y, f"{ratio:.2f}", va="center", fontsize=6.5)
    plot.set_xscale("log")
    ticks = [value for value in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if in_range(value, figures, threads)]
    plot.set_xticks(ticks, [f"{value:g}" for value in ticks])
    plot.minorticks_off()
    plot.set_yticks(range(len(rows)), [name for name, _ in rows])
    for label, (_, ratio) in zip(plot.get_yticklabels(), rows):
        label.set_fontweight("bold" if ratio is None else "normal")
    plot.set_ylim(height - 0.5, -0.5)
    plot.axvline(1, color=TEXT, linewidth=0.8)
    plot.axvline(WORST, color=TEXT, linewidth=0.8, linestyle="--")
    plot.tick_params(length=0)
    plot.set_frame_on(False)


def in_range(value, figures, threads):
    ratios = [ratio for n in threads for ratio in figures.ratios(n).values()] or [1]
    return min(*ratios, 0.5) / 2.5 <= value <= max(*ratios, 2) * 2.5
