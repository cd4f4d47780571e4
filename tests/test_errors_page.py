"""docs/errors.md is what its script makes of the table of messages."""

from lesson_lib.core.errors import TABLE
from scripts.make_errors_page import PAGE, page, topics


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == page(), "run: python scripts/make_errors_page.py"


def test_every_message_stands_on_it_once():
    listed = [kind for kinds in topics().values() for kind in kinds]
    assert sorted(listed) == sorted(TABLE)
