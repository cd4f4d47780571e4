"""A profile as HTML for notebooks: the longest first, with a bar for the time of its own. The plain text stays PyTorch's."""

from html import escape

from .table import memory_text, share_text, time_text

ROWS = 30
CELL = "padding:0.1em 0.6em;text-align:{align};font-family:monospace;white-space:nowrap"
BAR = "display:inline-block;height:0.8em;width:{width:.1f}em;background:rgba(230,120,20,0.7);vertical-align:middle"
NAME = "max-width:26em;white-space:normal;overflow-wrap:anywhere"  # long names take two lines
FULL = 12  # the width of the longest bar


def bars_html(events):
    """The table of ``events``; colours are seen on light and on dark ground."""
    ordered = sorted(events, key=lambda event: -event.self_cpu_time_total)
    total = sum(event.self_cpu_time_total for event in ordered)
    longest = max((event.self_cpu_time_total for event in ordered), default=0)
    titles = ["Name", "", "Self CPU %", "Self CPU", "CPU total", *(["Self CPU Mem"] if events._profile_memory else []), "# of Calls"]
    head = "".join(f'<th style="{CELL.format(align="left" if number < 2 else "right")}">{title}</th>' for number, title in enumerate(titles))
    rows = "".join(_row(event, total, longest, events._profile_memory) for event in ordered[:ROWS])
    left_out = f"<div>and {len(ordered) - ROWS} more</div>" if len(ordered) > ROWS else ""
    return f'<div><table style="border-collapse:collapse;color:inherit"><tr>{head}</tr>{rows}</table>{left_out}<div>Self CPU time total: {time_text(total)}</div></div>'


def _row(event, total, longest, with_memory):
    own = max(event.self_cpu_time_total, 0)
    bar = f'<span style="{BAR.format(width=FULL * own / longest if longest else 0)}"></span>'
    numbers = [share_text(own, total), time_text(event.self_cpu_time_total), time_text(event.cpu_time_total)]
    numbers += [memory_text(event.self_cpu_memory_usage)] if with_memory else []
    cells = "".join(f'<td style="{CELL.format(align="right")}">{text}</td>' for text in [*numbers, event.count])
    left = CELL.format(align="left")
    return f'<tr><td style="{left};{NAME}">{escape(str(event.key))}</td><td style="{left}">{bar}</td>{cells}</tr>'
