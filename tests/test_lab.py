"""`make lab` as a learner meets it: it starts at once, on the start page, asks nothing and fetches nothing."""

import contextlib
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlparse

import pytest

from scripts.notebook_page import free_port

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(not (ROOT / ".venv" / ".lab").exists(), reason="the JupyterLab tests need the .venv that `make lab` makes")


def wait_for(address):
    """JupyterLab prints its address a moment before it listens there."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return urllib.request.urlopen(address, timeout=20).close()
        except urllib.error.URLError:
            assert time.monotonic() < deadline, f"nothing answers at {address}"
            time.sleep(0.05)


def stop(server):
    os.killpg(server.pid, signal.SIGTERM)
    try:
        server.communicate(timeout=5)
    except subprocess.TimeoutExpired:  # stopped this early, JupyterLab sometimes waits for ever for a thread of its own
        os.killpg(server.pid, signal.SIGKILL)
        server.communicate()


@contextlib.contextmanager
def make_lab():
    """Run `make lab` on a free port; yield the address that it printed and the seconds until the start page answered there."""
    start = time.perf_counter()
    command = ["make", "lab", f"ARGS=--no-browser --port={free_port()}"]
    # Make and JupyterLab get a process group of their own, so that both end when the test does.
    server = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        printed = ""
        while not (found := re.search(r"http://127\.0\.0\.1:\S+token=\w+", printed)):
            line = server.stderr.readline()
            assert line, f"make lab ended: {printed}"
            printed += line
        wait_for(found.group())
        yield found.group(), time.perf_counter() - start
    finally:
        stop(server)


def seconds_to_start():
    with make_lab() as (_, seconds):
        return seconds


def seconds_to_say_its_version():
    start = time.perf_counter()
    subprocess.run([ROOT / ".venv" / "bin" / "python", "-m", "jupyterlab", "--version"], check=True, capture_output=True)
    return time.perf_counter() - start


def test_a_second_run_starts_within_five_seconds():
    """On a busy machine, where JupyterLab takes long to say its version alone, within five times as long as that."""
    assert any(seconds_to_start() < max(5, 5 * seconds_to_say_its_version()) for _ in range(3))


def test_the_start_page_opens_and_nothing_is_fetched(browser):
    with make_lab() as (address, _):
        asked = []
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.locator(".jp-NotebookPanel .jp-CodeCell .cm-lineNumbers >> visible=true").first.wait_for(timeout=30_000)
        page.wait_for_load_state("networkidle")
        assert "00_start_here.ipynb" in page.locator(".lm-TabBar-tab.jp-mod-current").all_inner_texts()
        assert page.locator(".jp-Dialog").count() == 0
        assert page.locator(".Toastify__toast").count() == 0
        page.close()
    assert {urlparse(url).hostname for url in asked} <= {"127.0.0.1", "localhost", None}
    assert [url for url in asked if "/api/news" in url or "/api/update" in url] == []
