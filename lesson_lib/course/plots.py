"""Pictures of training: the loss curve, and the digits that a network got wrong. Blue is forward, orange is backward.

Each function returns a ``Picture``, which a notebook shows. Nothing is kept in Matplotlib's global state, so nothing
has to be closed and no picture appears twice.
"""

import io
import math

from matplotlib.figure import Figure

from ..core.tensor import Tensor
from ..viz.theme import theme

COLOURS = theme("light")  # on a white page, like the graphs: readable in a light and in a dark notebook
LINES = ("value", "gradient", "leaf", "loss")
STYLES = ("-", "--", "-.", ":")  # lines differ in their dashes too, not in colour alone
MOST_SHOWN = 40


class Picture:
    """A finished figure, with a sentence that says what is in it."""

    def __init__(self, figure, text):
        self.figure, self.text = figure, text

    def __repr__(self):
        return self.text

    def _repr_png_(self):
        page = io.BytesIO()
        self.figure.savefig(page, format="png", dpi=110, bbox_inches="tight", pad_inches=0.15)
        return page.getvalue()


def plot_losses(losses, *, log=False, smooth=1):
    """The loss at each step, as a curve; give a dict ``{name: losses}`` to compare several runs.

    log: a logarithmic scale, on which a constant factor per step is a straight line.  smooth: each point is the mean of
    this many losses up to it, with the single losses drawn pale behind.

    >>> from lesson_lib.course import plot_losses
    >>> plot_losses([4.0, 2.0, 1.0])
    <loss curve: 3 steps, from 4 to 1>
    """
    runs = losses if isinstance(losses, dict) else {"": losses}
    figure = Figure(figsize=(6.4, 3.4), facecolor=COLOURS["page"])
    axes = _axes(figure)
    for number, (name, values) in enumerate(runs.items()):
        colour, style = COLOURS[LINES[number % 4]], STYLES[number % 4]
        values = [float(value) for value in values]
        if smooth > 1:
            axes.plot(values, color=colour, alpha=0.25, linewidth=0.8)
        axes.plot(_running_mean(values, smooth), style, color=colour, label=name, linewidth=1.8)
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    if log:
        axes.set_yscale("log")
    if len(runs) > 1:
        axes.legend(frameon=False, labelcolor=COLOURS["text"])
    said = [f"{name + ': ' if name else ''}{len(values)} steps, from {values[0]:.3g} to {values[-1]:.3g}" for name, values in runs.items()]
    return Picture(figure, f"<loss curve: {'; '.join(said)}>")


def plot_digits(images, titles=None, *, columns=10):
    """Images in a grid, at most 40 of them, each under its title.

    images: (N, 1, H, W), 0 is drawn white and 1 black.  titles: N strings, or None.

    >>> import lesson_lib as torch
    >>> from lesson_lib.course import plot_digits
    >>> plot_digits(torch.zeros(3, 1, 8, 8), ["a", "b", "c"])
    <3 images>
    """
    count = min(len(images), MOST_SHOWN)
    rows = max(1, math.ceil(count / columns))
    wide = min(columns, max(count, 1))
    figure = Figure(figsize=(1.0 * wide, (1.25 if titles else 1.0) * rows), facecolor=COLOURS["page"])
    for place in range(count):
        axes = figure.add_subplot(rows, wide, place + 1)
        axes.imshow(_array(images[place])[0], cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
        axes.set_axis_off()
        if titles:
            axes.set_title(titles[place], fontsize=9, color=COLOURS["text"])
    more = f" of {len(images)}" if len(images) > count else ""
    return Picture(figure, f"<{count}{more} image{'' if count == 1 else 's'}>")


def plot_mistakes(images, predicted, actual, *, columns=6):
    """The images that were classified wrongly, each with its digit and what it was taken for.

    images: (N, 1, H, W).  predicted, actual: (N,) class numbers.

    >>> import lesson_lib as torch
    >>> from lesson_lib.course import plot_mistakes
    >>> plot_mistakes(torch.zeros(3, 1, 8, 8), torch.tensor([1, 2, 3]), torch.tensor([1, 7, 3]))
    <1 mistake in 3 images>
    """
    pairs = list(zip(_array(predicted).tolist(), _array(actual).tolist()))
    wrong = [index for index, (said, true) in enumerate(pairs) if said != true]
    titles = [f"{pairs[index][1]} read as {pairs[index][0]}" for index in wrong]
    picture = plot_digits([images[index] for index in wrong], titles, columns=columns)
    return Picture(picture.figure, f"<{len(wrong)} mistake{'' if len(wrong) == 1 else 's'} in {len(pairs)} images>")


def _axes(figure):
    axes = figure.add_subplot()
    axes.set_facecolor(COLOURS["page"])
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(COLOURS["line"])
    axes.tick_params(colors=COLOURS["small"], which="both")
    axes.xaxis.label.set_color(COLOURS["text"])
    axes.yaxis.label.set_color(COLOURS["text"])
    axes.grid(axis="y", color=COLOURS["op_line"], linewidth=0.5, alpha=0.6)
    return axes


def _running_mean(values, width):
    """At each place the mean of the last ``width`` values (of fewer at the start)."""
    windows = (values[max(0, place + 1 - width) : place + 1] for place in range(len(values)))
    return [sum(window) / len(window) for window in windows]


def _array(tensor):
    """The values as a NumPy array, wherever they are."""
    return tensor.detach().cpu().numpy() if isinstance(tensor, Tensor) else tensor
