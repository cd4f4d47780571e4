"""A notebook open in a real JupyterLab in a real browser: for the browser tests and the screenshots."""

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STARTED = 60  # seconds until JupyterLab must answer


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running_lab(folder):
    """Serve `folder` with a JupyterLab of its own; yield the address and the token."""
    port, token = free_port(), secrets.token_hex(16)
    options = [
        f"--ServerApp.root_dir={folder}", f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", "--no-browser",
        f"--LabApp.user_settings_dir={_settings(folder)}", f"--LabApp.workspaces_dir={folder}/.workspaces", "--LabApp.extension_manager=readonly",
    ]  # fmt: skip
    root = ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)}
    command = [sys.executable, "-m", "jupyterlab", *options, *root]
    with open(Path(folder) / ".lab.log", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
    try:
        _wait_for(f"http://127.0.0.1:{port}/api", server)
        yield f"http://127.0.0.1:{port}", token
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=20)


def _settings(folder):
    """A settings folder in which JupyterLab neither asks about news nor looks for updates."""
    place = Path(folder) / ".settings" / "@jupyterlab" / "apputils-extension"
    place.mkdir(parents=True, exist_ok=True)
    (place / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    return place.parent.parent


def _wait_for(address, server):
    deadline = time.monotonic() + STARTED
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError("JupyterLab ended before it answered")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address).close()
            return
        time.sleep(0.1)
    raise TimeoutError("JupyterLab did not answer")


def write_notebook(path, *cells):
    """A notebook of code cells at `path`."""
    empty = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    code = [{**empty, "id": f"cell-{i}", "source": cell} for i, cell in enumerate(cells)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    Path(path).write_text(json.dumps({"cells": code, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))


class NotebookPage:
    """A notebook in a browser tab. `page` is Playwright's page, `asked` every address that the tab requested. Notebook 7 is behind the door "notebooks"."""

    def __init__(self, browser, address, token, name, door="lab/tree", **options):
        self.page = browser.new_page(**options)
        self.asked, self.problems = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        # A dialog (which kernel to use, for one) would stand in the way for ever: take what it proposes.
        self.page.add_locator_handler(self.page.locator(".jp-Dialog"), lambda dialog: dialog.locator(".jp-mod-accept").click())
        self.page.goto(f"{address}/{door}/{name}?token={token}&reset")
        self.page.locator(".jp-NotebookPanel .jp-CodeCell").first.wait_for(timeout=60_000)
        if door == "lab/tree":
            self.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=60_000)

    def cell(self, number):
        """Cell `number` of the notebook, outputs included."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def run(self, number, timeout=60_000):
        """Run a cell and wait until it has finished. The first key press after loading can be lost, so it is repeated."""
        prompt = self.cell(number).locator(".jp-InputPrompt").first
        for _ in range(5):
            self.cell(number).locator(".cm-content").click()
            self.page.keyboard.press("Control+Enter")
            with contextlib.suppress(Exception):
                self.page.wait_for_function("e => /\\[(\\*|\\d+)\\]/.test(e.textContent)", arg=prompt.element_handle(), timeout=3_000)
                break
        self.page.wait_for_function("e => /\\[\\d+\\]/.test(e.textContent)", arg=prompt.element_handle(), timeout=timeout)

    def theme(self, name):
        """Switch JupyterLab to "Light" or "Dark"."""
        self.page.get_by_text("Settings", exact=True).click()
        self.page.get_by_text("Theme", exact=True).hover()
        self.page.get_by_text(f"JupyterLab {name}", exact=True).click()
        wanted = "true" if name == "Light" else "false"
        self.page.locator(f'body[data-jp-theme-light="{wanted}"]').wait_for(state="attached")

    def hosts(self):
        """The machines that the tab talked to."""
        return {match[1] for url in self.asked if (match := re.match(r"(?:https?|wss?)://([^:/]+)", url))}


class SharedLab:
    """One JupyterLab for the notebooks of many tests, each in a folder of its own under `root`; it starts with the first."""

    def __init__(self, root, stack):
        self.root = Path(root)
        self.address, self.token = stack.enter_context(running_lab(root))

    def forget(self):
        """As a fresh one would be: in the light theme, with no kernel."""
        (_settings(self.root) / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings").unlink(missing_ok=True)
        for kernel in json.load(self._ask("GET", "kernels")):
            self._ask("DELETE", f"kernels/{kernel['id']}")

    def _ask(self, method, what):
        request = urllib.request.Request(f"{self.address}/api/{what}", method=method, headers={"Authorization": f"token {self.token}"})
        return urllib.request.urlopen(request, timeout=30)


_labs = {}  # root -> SharedLab
_stack = contextlib.ExitStack()


@contextlib.contextmanager
def shared_labs():
    """Ends what `open_notebook` started meanwhile."""
    try:
        yield
    finally:
        _labs.clear()
        _stack.close()


@contextlib.contextmanager
def open_notebook(browser, folder, *cells, width=1400, height=1000):
    """A notebook of these cells in JupyterLab, open in a tab; the first cell has run. Folders beside `folder` share the JupyterLab."""
    folder = Path(folder)
    write_notebook(folder / "notebook.ipynb", *cells)
    lab = _labs.get(folder.parent) or _labs.setdefault(folder.parent, SharedLab(folder.parent, _stack))
    notebook = NotebookPage(browser, lab.address, lab.token, f"{folder.name}/notebook.ipynb", viewport={"width": width, "height": height})
    notebook.folder = folder
    try:
        notebook.run(0)
        yield notebook
    finally:
        notebook.page.close()
        lab.forget()
