"""From the least that a server can do to the whole of a call, a step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from benchmarks.execute import FRESH, KEYS
from benchmarks.load import Post, fire, typical, warm, wrk_is_there
from benchmarks.measuring import in_turns
from benchmarks.report import Section, Table
from benchmarks.servers import embedded, missing_servers, on_servers, served
from benchmarks.services.staircase import KEYS_FILE

NAME = "staircase"
TITLE = "From bare ASGI to the whole call"
STEPS = {
    "bare ASGI: the body comes back": "bare",
    "+ JSON, pydantic, the plugin": "parsed",
    "+ an API key": "keyed",
    "+ the engine: rights, limit, cache, breaker, timeout": "engine",
    "+ the journal, on SQLite": "journalled",
}
WHOLE = "zantara.asgi:application"
CONNECTIONS = 32
_TEXT = f"""A read-only plugin whose answer is not cached yet, called at {CONNECTIONS} connections.
The first steps are ASGI functions of a few lines; the last ones are the whole application, by
its fast lane and by Django's handler, to which a request with a cookie goes."""


def run(*, keys: int = KEYS, seconds: int = 1, rounds: int = 4) -> Section:
    if not wrk_is_there():
        return Section(NAME, TITLE, ["Not measured: `wrk` is not installed."])
    with steps(keys) as posts:
        for post in posts.values():
            warm(post, at_least=keys)
        contenders = {
            label: partial(fire, post, connections=CONNECTIONS, seconds=seconds)
            for label, post in posts.items()
        }
        found = {label: typical(each) for label, each in in_turns(contenders, rounds).items()}
    bare = next(iter(found.values())).cpu_us
    rows = [
        [label, f"{each.cpu_us:.0f}", f"{each.cpu_us / bare:.1f}x", f"{each.per_core:,.0f}"]
        for label, each in found.items()
    ]
    columns = ["", "CPU us a call", "over bare ASGI", "requests/s per core"]
    return Section(NAME, TITLE, [_TEXT, *missing_servers(), Table(columns, rows)])


@contextmanager
def steps(keys: int, *, with_servers: bool = True) -> Iterator[dict[str, Post]]:
    with ExitStack() as stack:
        here = stack.enter_context(embedded())
        here.prepare(keys)
        environment = {**here.environment, KEYS_FILE: str(here.keys)}
        posts = {}
        for label, service in STEPS.items():
            application = f"benchmarks.services.staircase:{service}"
            server = stack.enter_context(served(label, application, environment))
            posts[label] = Post(server, "bench.lookup", FRESH, here.keys)
        whole = stack.enter_context(served("SQLite", WHOLE, here.environment))
        posts["the whole, SQLite"] = Post(whole, "bench.lookup", FRESH, here.keys)
        if with_servers and not missing_servers():
            there = stack.enter_context(on_servers())
            there.prepare(keys)
            other = stack.enter_context(served("PostgreSQL, Redis", WHOLE, there.environment))
            posts["the whole, PostgreSQL and Redis"] = Post(
                other, "bench.lookup", FRESH, there.keys
            )
        posts["the whole, SQLite, by Django's handler"] = Post(
            whole, "bench.lookup", FRESH, here.keys, headers="Cookie: a=b\r\n"
        )
        yield posts
