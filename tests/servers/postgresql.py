"""PostgreSQL for tests: the shared server, with databases of one's own, and clusters of one's own
where a test kills the server or where none answers.

    python -m tests.servers.postgresql COMMAND ...

runs a command with DATABASE_URL set to such a database.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import psycopg

from tests.serving import ROOT, free_port, wait_until

SHARED = os.environ.get("ZANTARA_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432")
USER = "postgres"
NAME = f"zantara_{crc32(str(ROOT).encode()):x}"
"""Two checkouts on one machine do not meet."""


def answers(url: str) -> bool:
    try:
        with psycopg.connect(f"{url}/postgres", connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def programs() -> Path | None:
    """Where initdb and the server are."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None


class Cluster:
    """A server of one's own, durable, run by an unprivileged user."""

    def __init__(self, directory: Path) -> None:
        found = programs()
        if found is None:
            raise RuntimeError("PostgreSQL is not installed")
        self._bin, self._data, self.port = found, directory / "data", free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._log = directory / "log"
        _give_to_user(directory)
        self._run("initdb", "-D", str(self._data), "-U", USER, "-A", "trust", "-N")

    @property
    def url(self) -> str:
        return f"postgres://{USER}@127.0.0.1:{self.port}"

    def start(self) -> None:
        options = {"port": self.port, "listen_addresses": "127.0.0.1", "max_connections": 100,
                   "unix_socket_directories": ""}  # fmt: skip
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(
                [*_as_user(), str(self._bin / "postgres"), "-D", str(self._data), *settings],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(lambda: answers(self.url), "an answer of PostgreSQL")

    def kill(self) -> None:
        """With all its processes, at once."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._server is None:
            return
        # Its children have sessions of their own; one that is left keeps its memory and its port.
        children = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children")
        left = [*map(int, children.read_text().split())] if how is signal.SIGKILL else []
        for process in (self._server.pid, *left):
            with suppress(ProcessLookupError):
                os.kill(process, how)
        self._server.wait()
        self._server = None

    def _run(self, program: str, *arguments: str) -> None:
        command = [*_as_user(), str(self._bin / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd="/")


def _as_user() -> list[str]:
    """The server refuses to run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--"]


def _give_to_user(directory: Path) -> None:
    if os.geteuid() == 0:
        account = pwd.getpwnam(USER)
        os.chown(directory, account.pw_uid, account.pw_gid)


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """In a folder of its own: pytest's are closed to other users, as PostgreSQL's is."""
    with TemporaryDirectory() as directory:
        cluster = Cluster(Path(directory))
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.kill()


@contextmanager
def some_server() -> Iterator[str | None]:
    """The shared server, else one that is started for this; None where that cannot be."""
    if answers(SHARED):
        yield SHARED
    elif programs():
        with own_cluster() as cluster:
            yield cluster.url
    else:
        yield None


def main() -> int:
    with some_server() as url:
        if url is None:
            sys.stderr.write(f"SKIPPED: no PostgreSQL at {SHARED}, and none is installed\n")
            return 1 if os.environ.get("CI") else 0
        environment = {**os.environ, "DATABASE_URL": f"{url}/{NAME}"}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
