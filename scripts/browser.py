"""A headless Chromium for the browser tests and the screenshot."""

import contextlib
import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium")
# Nothing but the page may touch the network: no updates, no account, no start page.
QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def find_chromium():
    """The path of a Chromium or Chrome, or None: $CHROMIUM, one on the PATH, a usual place, or Playwright's own download."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen
    on_path = (shutil.which(name) for name in NAMES)
    usual = (place for place in PLACES if os.path.exists(place))
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright"))
    downloaded = (str(path) for path in sorted(cache.glob("chromium-*/chrome-linux*/chrome"), reverse=True))
    return next((path for path in (*on_path, *usual, *downloaded) if path), None)


@contextlib.contextmanager
def chromium(playwright):
    """A running headless browser with an empty profile, for `playwright`, the value of `sync_playwright()`."""
    as_root = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    browser = playwright.chromium.launch(executable_path=find_chromium(), args=QUIET + as_root)
    try:
        yield browser
    finally:
        browser.close()
