"""Requests by wrk, and what they cost the server's process."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from benchmarks.measuring import cpu_seconds, median
from benchmarks.servers import Server

_SCRIPT = Path(__file__).with_name("load.lua")
_PER_ROUND = 1_000_000
_rounds = count()


@dataclass(frozen=True, slots=True)
class Post:
    """`body` may hold one @, in whose place every request gets a number of its own. `keys`: file
    of the API keys, which the requests use in turn. `headers`: more lines of them."""

    server: Server
    plugin: str
    body: str
    keys: Path
    headers: str = ""

    @property
    def path(self) -> str:
        return f"/api/plugins/{self.plugin}/execute"


@dataclass(frozen=True, slots=True)
class Round:
    """`cpu_us`: CPU time of the server's process for one request."""

    per_second: float
    cpu_us: float
    p50_ms: float
    p99_ms: float

    @property
    def per_core(self) -> float:
        return 1e6 / self.cpu_us


def wrk_is_there() -> bool:
    return shutil.which("wrk") is not None


def warm(post: Post, *, at_least: int) -> None:
    """Calls until every key had its turn."""
    check(post)
    done = 0.0
    while done < at_least:
        done += fire(post, connections=32, seconds=1).per_second


def check(post: Post) -> None:
    """Looks at one answer: to wrk a 200 is a 200. Raises RuntimeError where it is a refusal."""
    key, body = post.keys.read_text().split()[0], post.body.replace("@", "0" * 9)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    answer = httpx.post(post.server.url + post.path, content=body, headers=headers)
    if answer.status_code != 200 or not answer.json()["success"]:
        raise RuntimeError(f"{post.server.name}: {answer.text}")


def fire(post: Post, *, connections: int, seconds: int) -> Round:
    """Raises RuntimeError where any request is refused: then something else was measured."""
    before = cpu_seconds(post.server.pid)
    said = _wrk(post, connections, seconds)
    spent = cpu_seconds(post.server.pid) - before
    if said["refused"] or said["broken"] or not said["requests"]:
        raise RuntimeError(f"{post.server.name}, {post.plugin}: {said}\n{post.server.log[-2000:]}")
    return Round(
        per_second=said["requests"] / said["seconds"],
        cpu_us=spent / said["requests"] * 1e6,
        p50_ms=said["p50_ms"],
        p99_ms=said["p99_ms"],
    )


def _wrk(post: Post, connections: int, seconds: int) -> dict[str, Any]:
    first = next(_rounds) * _PER_ROUND % 10**9
    sizes = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    arguments = [post.path, str(post.keys), post.body, str(first), post.headers]
    done = subprocess.run(
        ["wrk", *sizes, "-s", str(_SCRIPT), post.server.url, "--", *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout.rstrip().rpartition("\n")[2])
    return answer


def typical(rounds: list[Round]) -> Round:
    return Round(
        *(median(getattr(each, name) for each in rounds) for name in Round.__dataclass_fields__)
    )
