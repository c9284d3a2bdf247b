"""A real server with its own database, and the system's Chromium in front of it.

The server is a process: what is tested is what runs in production, static files with hashed names
and the strict Content-Security-Policy included.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Dialog,
    Page,
    StorageState,
    expect,
    sync_playwright,
)

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]
expect.set_options(timeout=20_000)
NAME, PASSWORD = "admin", "a-long-Password-1"
STARTUP_SECONDS = 60


@dataclass(frozen=True)
class Site:
    """`family` is a folder of plugins that tests may write to."""

    url: str
    family: Path

    def execute(self, name: str, **input_data: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/api/plugins/{name}/execute", json={"input_data": input_data})


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(_prepared(tmp_path_factory), folder / "var")
    with serving(folder) as site:
        yield site


def _prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a server that never ran, made once for all processes of this test run."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / "prepared.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not (data := shared / "prepared").exists():
            _prepare(shared / "preparing")
            (shared / "preparing" / "var").rename(data)
    return data


def _prepare(folder: Path) -> None:
    _manage(folder, "migrate", "-v0")
    _manage(folder, "collectstatic", "-v0", "--noinput")
    _manage(folder, "createsuperuser", "-v0", "--noinput", "--username", NAME, "--email", "")


def _manage(folder: Path, *command: str) -> None:
    arguments = [sys.executable, "manage.py", *command]
    subprocess.run(arguments, cwd=ROOT, env=_environment(folder), check=True)


def _family(folder: Path) -> Path:
    family = folder / f"browser_{folder.name}" / "family"
    family.mkdir(parents=True, exist_ok=True)
    return family


def _environment(folder: Path) -> dict[str, str]:
    environment = {
        **os.environ,
        "ZANTARA_VAR_DIR": str(folder / "var"),
        "ZANTARA_PLUGIN_DIRS": f"{ROOT / 'plugins'},{_family(folder).parent}",
        "ZANTARA_ANONYMOUS_RATE": "0",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        "LOG_LEVEL": "INFO",
    }
    for name in ("DATABASE_URL", "ZANTARA_ENV", "DEBUG"):
        environment.pop(name, None)
    return environment


@contextmanager
def serving(folder: Path, *preparation: list[str]) -> Iterator[Site]:
    """A server with its data in `folder`, after these management commands."""
    if not (folder / "var").exists():
        _prepare(folder)
    for command in preparation:
        _manage(folder, *command)
    port = _free_port()
    serve = ["-m", "uvicorn", "zantara.asgi:application", "--port", str(port)]
    log = (folder / "server.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, *serve, "--log-level", "warning"],
        cwd=ROOT,
        env=_environment(folder),
        stdout=log,
        stderr=log,
    )
    try:
        site = Site(f"http://127.0.0.1:{port}", _family(folder))
        _wait_until_ready(site.url, server, folder / "server.log")
        yield site
    finally:
        server.terminate()
        server.wait(timeout=40)
        log.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Polls: a process of its own cannot tell us otherwise."""
    end = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"The server did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        reason = f"There is no Chromium at {CHROMIUM}: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a page must not do: complain, break its policy, talk to others."""

    url: str
    console: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        context.on("page", self._page)

    def _page(self, page: Page) -> None:
        page.on("console", self._message)
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", self._request)
        page.on("dialog", self._dialog)

    def _dialog(self, dialog: Dialog) -> None:
        """Ours are elements of the page; only the browser's own question on leaving is none."""
        if dialog.type != "beforeunload":
            self.console.append(f"dialog: {dialog.message}")

    def _message(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.console.append(message.text)

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.away.append(request.url)


@pytest.fixture
def watch(site: Site) -> Iterator[Watch]:
    watch = Watch(site.url)
    yield watch
    assert watch.console == []
    assert watch.away == []


@pytest.fixture(scope="module")
def logged_in(site: Site, chromium: Browser) -> StorageState:
    """The cookies of a login, for all tests of the module."""
    context = chromium.new_context(base_url=site.url)
    log_in(context.new_page())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(site: Site, chromium: Browser, logged_in: StorageState, watch: Watch) -> Iterator[Page]:
    """Logged in, on the marketplace."""
    context = chromium.new_context(
        base_url=site.url, viewport={"width": 1280, "height": 900}, storage_state=logged_in
    )
    context.set_default_timeout(20_000)
    watch.over(context)
    page = context.new_page()
    page.goto("/admin/plugins/")
    yield page
    context.close()


def log_in(page: Page) -> None:
    page.goto("/admin/login/?next=/admin/plugins/")
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(re.compile(r"/admin/plugins/$"))
