"""Write docs/errors.md: every message that the library can give, out of its one table. To be run after a message changed."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from lesson_lib.core.errors import TABLE  # noqa: E402 - the library that stands beside this script

PAGE = ROOT / "docs" / "errors.md"
INTRODUCTION = """# Every error message

The first line of a message is PyTorch's, and so is the type of the exception. Below it stand the line of *your* program
and one suggestion:

```text
RuntimeError: The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 1
  at lesson.py:12: y = a + b
  Try: Sizes must be equal or 1, counted from the right. Use unsqueeze, reshape or a transpose to line them up.
```

Names in braces stand for what is found in your program. This page is made by `scripts/make_errors_page.py` from the
table in `lesson_lib/core/errors.py`.
"""


def topics():
    """{topic: the kinds of error under it}, read from the comments between the rows of the tables."""
    found = {}
    core = ROOT / "lesson_lib" / "core"
    for file in [core / "errors.py", *sorted(core.glob("messages_*.py"))]:
        topic = file.stem.removeprefix("messages_").replace("_", " ").replace("errors", "tensors")
        for line in file.read_text().splitlines():
            comment, row = re.fullmatch(r"    # (.+)", line), re.match(r'    "(\w+)": \(', line)
            if comment:
                topic = comment[1]
            elif row and row[1] in TABLE:
                found.setdefault(topic, []).append(row[1])
    return found


def cell(text):
    """Text as a table cell, shown letter by letter."""
    text = " ".join(text.replace("{{", "{").replace("}}", "}").split())
    fence = "``" if "`" in text else "`"
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}".replace("|", "\\|")


def page():
    """The whole page."""
    parts = [INTRODUCTION]
    for topic, kinds in topics().items():
        parts.append(f"## {topic[0].upper()}{topic[1:]}\n\n| PyTorch's first line | type | suggestion |\n|---|---|---|")
        for kind in kinds:
            exception, first_line, remedy = TABLE[kind]
            parts[-1] += f"\n| {cell(first_line)} | {exception.__name__} | {cell(remedy)} |"
    return "\n\n".join(part.strip() for part in parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"{PAGE.relative_to(ROOT)}: {len(TABLE)} messages")
