"""PyTorch's op database: values, dtypes, ``out=``, in-place forms, first and second gradients and errors of every comparable entry.

``op_db.txt`` lists the entries; one that does not agree yet has its reason after a tab.
"""

from pathlib import Path

import pytest

from . import opdb

FILE = Path(__file__).with_name("op_db.txt")
LISTED = dict(line.partition("\t")[::2] for line in FILE.read_text(encoding="utf-8").splitlines())
GOAL = 600  # of 672


def test_the_list_is_whole(torch):
    assert list(LISTED) == list(opdb.entries())


def test_at_least_600_entries_agree():
    assert sum(not reason for reason in LISTED.values()) >= GOAL


@pytest.mark.parametrize("name", [name for name, reason in LISTED.items() if not reason])
def test_entry_agrees(torch, name):
    opdb.check(opdb.entries()[name])


@pytest.mark.parametrize("name", [name for name, reason in LISTED.items() if reason])
def test_entry_is_still_open(torch, name):
    """An entry that agrees by now loses its reason."""
    with pytest.raises((AssertionError, opdb.Missing, NotImplementedError)):
        opdb.check(opdb.entries()[name], opdb.THOROUGH)
