"""Execute over HTTP with everything on (API key, rate limit, breaker, cache, durable log), beside
FastAPI without any of it and FastAPI with the behaviour of the replaced system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from benchmarks.load import Post, Round, fire, typical, warm, wrk_is_there
from benchmarks.measuring import in_turns
from benchmarks.report import Section, Table
from benchmarks.servers import embedded, missing_servers, on_servers, served

NAME = "execute"
TITLE = "Execute over HTTP"
KEYS = 100
"""As many as the rate limit of 2,000 calls a minute asks for."""
CONNECTIONS = (1, 32, 256)
PRICING_CONNECTIONS = 32
BARE, REPLACED = "bare FastAPI", "the replaced system"

_ECHO = '{"input_data": {"text": "%s", "count": 3}}'
SAME, FRESH = _ECHO % ("x" * 100), _ECHO % ("@" + "x" * 91)
_KITAS = '{"input_data": {"service_type": "kitas"}}'
_KITAS_ANEW = '{"input_data": {"service_type": "kitas"}, "use_cache": false}'
_BODIES = {
    "echo": {
        "cache hit": ("bench.lookup", SAME),
        "read-only miss": ("bench.lookup", FRESH),
        "side effects": ("bench.change", SAME),
    },
    "pricing": {
        "cache hit": ("bali_zero.pricing", _KITAS),
        "executed": ("bali_zero.pricing", _KITAS_ANEW),
    },
}
_COLUMNS = [
    "",
    "requests/s per core",
    "CPU us a call",
    f"over {REPLACED}",
    f"over {BARE}",
    "p50 ms",
    "p99 ms",
]
_TEXT = f"""One process under uvicorn (uvloop, httptools), loaded by wrk, which sends {KEYS:,} API
keys in turn. *Bare FastAPI* validates the body, runs the plugin and answers with its output;
it has none of the protections. *{REPLACED.capitalize()}* is FastAPI with what that did: a rate
limit, a breaker and metrics in its own memory, a pydantic response model; it keeps no log and
believes any key. ZANTARA runs with all it has: the key, the rate limit, the breaker, the cache
where the plugin has one, and a log that is committed before the answer leaves.

Targets at 32 connections: 4x {REPLACED} and 0.8x {BARE} per core, p99 no worse than
{REPLACED}'s. The staircase shows where the time of a call goes."""


@dataclass(frozen=True, slots=True)
class Contest:
    """`posts`: the two to compare with, then ours."""

    title: str
    connections: int
    posts: dict[str, Post]

    def table(self, found: dict[tuple[str, str], Round]) -> Table:
        rounds = {label: found[self.title, label] for label in self.posts}
        bare, replaced = rounds[BARE].per_core, rounds[REPLACED].per_core
        rows = [
            [
                label,
                f"{each.per_core:,.0f}",
                f"{each.cpu_us:.0f}",
                f"{each.per_core / replaced:.2f}x",
                f"{each.per_core / bare:.2f}x",
                f"{each.p50_ms:.2f}",
                f"{each.p99_ms:.2f}",
            ]
            for label, each in rounds.items()
        ]
        return Table([self.title, *_COLUMNS[1:]], rows)


def run(
    *,
    keys: int = KEYS,
    seconds: int = 1,
    rounds: int = 4,
    connections: Sequence[int] = CONNECTIONS,
) -> Section:
    if not wrk_is_there():
        return Section(NAME, TITLE, ["Not measured: `wrk` is not installed."])
    with contests(keys, connections) as found:
        tables = measured(found, seconds, rounds, keys)
    return Section(NAME, TITLE, [_TEXT, *missing_servers(), *tables])


def measured(found: Sequence[Contest], seconds: int, rounds: int, keys: int) -> Iterable[Table]:
    for contest in found:
        for post in contest.posts.values():
            warm(post, at_least=2 * keys)
    rounds_of = in_turns(
        {
            (contest.title, label): partial(
                fire, post, connections=contest.connections, seconds=seconds
            )
            for contest in found
            for label, post in contest.posts.items()
        },
        rounds,
    )
    results = {key: typical(each) for key, each in rounds_of.items()}
    return [contest.table(results) for contest in found]


@contextmanager
def contests(
    keys: int, connections: Sequence[int], *, with_servers: bool = True
) -> Iterator[list[Contest]]:
    """Every server runs from the beginning to the end, so that they can take turns."""
    with ExitStack() as stack:
        installed = {"SQLite": stack.enter_context(embedded())}
        if with_servers and not missing_servers():
            installed["PostgreSQL, Redis"] = stack.enter_context(on_servers())
        for each in installed.values():
            each.prepare(keys)
        ours = [
            stack.enter_context(served(label, "zantara.asgi:application", each.environment))
            for label, each in installed.items()
        ]
        peers = [
            stack.enter_context(served(BARE, "benchmarks.services.bare_fastapi:app")),
            stack.enter_context(served(REPLACED, "benchmarks.services.replaced:app")),
        ]
        secrets = {server.name: installed[server.name].keys for server in ours}
        some = next(iter(secrets.values()))

        def posts(kind: str) -> dict[str, Post]:
            (name, body), *_ = _BODIES[kind].values()
            theirs = {server.name: Post(server, name, body, some) for server in peers}
            return theirs | {
                f"{case} ({server.name})": Post(server, *what, secrets[server.name])
                for server in ours
                for case, what in _BODIES[kind].items()
            }

        yield [
            *(Contest(f"Echo, {many} at once", many, posts("echo")) for many in connections),
            Contest(
                f"Pricing, {PRICING_CONNECTIONS} at once", PRICING_CONNECTIONS, posts("pricing")
            ),
        ]
