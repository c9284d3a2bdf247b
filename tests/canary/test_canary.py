"""Secrets go in through every door, and are looked for everywhere afterwards. Each has a number
of its own, so that a failure names what leaked, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.canary import visits
from tests.canary.served import House, build


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Served, visited, and left: first as `make run` does it, then with JSON lines and uvicorn's
    own access log."""
    house = build(tmp_path)
    try:
        house.serve("manage.py", "quickstart")
        visits.pay_all(house)
        house.stop()
        house.settings["LOG_JSON"] = "on"
        house.serve("-m", "uvicorn", "zantara.asgi:application", "--log-level", "info")
        visits.run_every_way(house)
        visits.ask_with_queries(house)
    finally:
        house.stop()
    return house


def test_no_secret_that_came_in_through_any_door_is_found_anywhere(house: House) -> None:
    rows, log = house.dump(), house.log
    places = [("database", rows), ("log", log), *house.files(), *house.said]

    assert all(f'"way":"{way}"' in rows for way in visits.WAYS[:-2]), "nothing was lived through"
    assert '"event": "given ********' in log
    assert "crashed on ********" in log
    assert "GET /api/plugins/search HTTP" in log
    found = {f"{place}: {what}" for place, text in places for what in house.canary.found_in(text)}
    assert "\n".join(sorted(found)) == ""
