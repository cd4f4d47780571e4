"""Fixtures for the tests. What they need beyond Python, and when they are skipped, stands in tests/hooks.py."""

import pytest

from scripts.browser import chromium as running_chromium
from scripts.browser import find_chromium
from scripts.notebook_page import shared_labs


@pytest.fixture(scope="session")
def torch():
    """Real PyTorch, the oracle of the parity tests."""
    import torch

    return torch


@pytest.fixture(scope="session")
def chromium():
    """The path of a Chromium."""
    return find_chromium()


@pytest.fixture(scope="session")
def browser(chromium):
    """A headless Chromium, driven through Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, running_chromium(playwright) as browser, shared_labs():
        yield browser
