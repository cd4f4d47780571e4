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
# Before the kernel is connected JupyterLab calls it idle, and a key that would run a cell is lost.
CONNECTED = """async () => {
    const { sessionContext } = window.jupyterapp.shell.currentWidget;
    await sessionContext.ready;
    await sessionContext.session.kernel.info;
}"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running_lab(folder):
    """Serve `folder` with a JupyterLab of its own."""
    port, token = free_port(), secrets.token_hex(16)
    options = [
        f"--ServerApp.root_dir={folder}", f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}", "--no-browser",
        f"--LabApp.user_settings_dir={_settings(folder)}", f"--LabApp.workspaces_dir={folder}/.workspaces", "--LabApp.extension_manager=readonly",
        "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    root = ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep)}
    command = [sys.executable, "-m", "jupyterlab", *options, *root]
    with open(Path(folder) / ".lab.log", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
    try:
        _wait_for(f"http://127.0.0.1:{port}/api", server)
        yield Lab(folder, f"http://127.0.0.1:{port}", token)
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

    def __init__(self, browser, lab, file, door="lab/tree", **options):
        self.folder = Path(file).parent
        self.page = browser.new_page(**options)
        self.asked, self.problems = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        # A dialog (which kernel to use, for one) would stand in the way for ever: take what it proposes.
        self.page.add_locator_handler(self.page.locator(".jp-Dialog"), lambda dialog: dialog.locator(".jp-mod-accept").click())
        self.page.goto(f"{lab.address}/{door}/{Path(file).relative_to(lab.root)}?token={lab.token}&reset")
        self.page.locator(".jp-NotebookPanel .jp-CodeCell").first.wait_for(timeout=60_000)
        if door == "lab/tree":
            self.page.evaluate(CONNECTED)

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


class Lab:
    """A running JupyterLab for notebooks under the folder `root`."""

    def __init__(self, root, address, token):
        self.root, self.address, self.token = Path(root), address, token

    def forget(self):
        """As a fresh one would be: in the light theme, with no kernel."""
        (_settings(self.root) / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings").unlink(missing_ok=True)
        self.end_kernels()

    def end_kernels(self):
        for kernel in json.load(self._ask("GET", "kernels")):
            self._ask("DELETE", f"kernels/{kernel['id']}")

    def _ask(self, method, what):
        request = urllib.request.Request(f"{self.address}/api/{what}", method=method, headers={"Authorization": f"token {self.token}"})
        return urllib.request.urlopen(request, timeout=30)


_labs = {}  # root -> Lab
_stack = contextlib.ExitStack()


@contextlib.contextmanager
def shared_labs():
    """Ends what `open_notebook` started meanwhile."""
    try:
        yield
    finally:
        _labs.clear()
        _stack.close()


def lab_of(folder):
    """The JupyterLab that `folder` shares with the folders beside it; it starts with the first of them."""
    root = Path(folder).parent
    if root not in _labs:
        _labs[root] = _stack.enter_context(running_lab(root))
    return _labs[root]


@contextlib.contextmanager
def open_notebook(browser, folder, *cells, width=1400, height=1000):
    """A notebook of these cells in JupyterLab, open in a tab; the first cell has run. Folders beside `folder` share the JupyterLab."""
    file = Path(folder) / "notebook.ipynb"
    write_notebook(file, *cells)
    lab = lab_of(folder)
    notebook = NotebookPage(browser, lab, file, viewport={"width": width, "height": height})
    try:
        notebook.run(0)
        yield notebook
    finally:
        notebook.page.close()
        lab.forget()
