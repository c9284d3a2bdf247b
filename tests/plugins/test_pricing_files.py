"""Broken data files: the plugin does not load, and says where to look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from plugins.bali_zero._lexicon import load_lexicon
from plugins.bali_zero.pricing_plugin import PricingInput, PricingPlugin
from plugins_app.core import PluginError
from tests.plugins._call import call, loaded

HEADER = {"year": 2026, "source": "A test", "currency": "IDR"}
ROW = {
    "group": "single_entry_visas",
    "service": "C1 Tourism",
    "variant": "standard",
    "service_type": "visa",
    "amount_idr": 2_300_000,
    "basis": "fixed",
    "duration": None,
    "codes": ["C1"],
    "concepts": ["visa"],
}


def write(folder: Path, *records: dict[str, Any]) -> Path:
    path = folder / "prices.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def load_failure(path: Path) -> str:
    with pytest.raises(PluginError) as failure:
        loaded(PricingPlugin, price_list_file=path)
    return str(failure.value)


def test_another_price_list_replaces_the_bundled_one(tmp_path: Path) -> None:
    plugin = loaded(PricingPlugin, price_list_file=write(tmp_path, HEADER, ROW))
    answer = call(plugin, PricingInput())
    assert (answer.count, answer.price_list.year) == (1, 2026)


def test_a_service_that_the_lexicon_does_not_know_is_found_by_its_name(tmp_path: Path) -> None:
    row = ROW | {"service": "Yacht Registration", "codes": [], "concepts": []}
    plugin = loaded(PricingPlugin, price_list_file=write(tmp_path, HEADER, ROW, row))
    answer = call(plugin, PricingInput(query="yacht price"))
    assert [p.service for p in answer.prices] == ["Yacht Registration"]


def test_a_relative_path_starts_at_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, HEADER, ROW)
    monkeypatch.chdir(tmp_path)
    plugin = loaded(PricingPlugin, price_list_file="prices.jsonl")
    assert call(plugin, PricingInput()).count == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    message = load_failure(tmp_path / "nowhere.jsonl")
    assert message == "nowhere.jsonl cannot be read: No such file or directory"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert load_failure(write(tmp_path)) == "prices.jsonl, line 1: the file is empty"


def test_a_file_without_prices_is_refused(tmp_path: Path) -> None:
    assert load_failure(write(tmp_path, HEADER)) == "prices.jsonl, line 1: no prices follow"


def test_a_header_without_a_year_is_refused(tmp_path: Path) -> None:
    header = {"source": "A test", "currency": "IDR"}
    assert load_failure(write(tmp_path, header, ROW)).startswith("prices.jsonl, line 1: year:")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"amount_idr": "2300000"}, "amount_idr: Input should be a valid integer"),
        ({"amount_idr": 2300000.5}, "amount_idr: Input should be a valid integer"),
        ({"amount_idr": -1}, "amount_idr: Input should be greater than 0"),
        ({"amount_idr": None}, "amount_idr: a price with basis 'fixed' needs an amount"),
        ({"basis": "from", "amount_idr": None}, "a price with basis 'from' needs an amount"),
        ({"basis": "approx", "amount_idr": None}, "a price with basis 'approx' needs an amount"),
        ({"basis": "quote"}, "a price with basis 'quote' has no amount"),
        ({"basis": "maybe"}, "basis: Input should be 'fixed', 'from', 'approx' or 'quote'"),
        ({"service_type": "all"}, "service_type 'all' is for callers, not for a service"),
        ({"service": ""}, "service: String should have at least 1 character"),
        ({"concepts": ["magic"]}, "concepts: ['magic'] are not in the lexicon"),
        ({"surprise": 1}, "surprise: Extra inputs are not permitted"),
        (
            {"duration": {"min_days": 9, "max_days": 3, "note": "?"}},
            "duration: min_days 9 is above max_days 3",
        ),
    ],
)
def test_a_bad_value_is_named_with_its_line(
    tmp_path: Path, change: dict[str, Any], problem: str
) -> None:
    message = load_failure(write(tmp_path, HEADER, ROW, ROW | {"variant": "bad"} | change))
    assert message.startswith("prices.jsonl, line 3: ")
    assert problem in message


@pytest.mark.parametrize("field", sorted(ROW))
def test_a_missing_field_is_named_with_its_line(tmp_path: Path, field: str) -> None:
    row = {key: value for key, value in ROW.items() if key != field}
    assert load_failure(write(tmp_path, HEADER, row)) == (
        f"prices.jsonl, line 2: {field}: Field required"
    )


def test_a_duplicate_names_both_lines(tmp_path: Path) -> None:
    other = ROW | {"variant": "extension"}
    assert load_failure(write(tmp_path, HEADER, ROW, other, ROW | {"amount_idr": 1})) == (
        "prices.jsonl, line 4: single_entry_visas / C1 Tourism / standard is already in line 2"
    )


def test_blank_lines_are_counted_and_skipped(tmp_path: Path) -> None:
    path = tmp_path / "prices.jsonl"
    lines = [json.dumps(HEADER), "", json.dumps(ROW), "", json.dumps(ROW)]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert "line 5: " in (message := load_failure(path))
    assert message.endswith("is already in line 3")


def test_text_that_is_not_utf8_is_named_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER, ROW)
    path.write_bytes(path.read_bytes() + '{"group": "società"}\n'.encode("latin-1"))
    assert load_failure(path) == "prices.jsonl, line 3: is not UTF-8 (byte 18)"


def test_broken_json_is_named_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER, ROW)
    path.write_text(path.read_text() + '{"group": \n')
    message = load_failure(path)
    assert message.startswith("prices.jsonl, line 3: Invalid JSON")
    assert "line 1" not in message


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        (
            {"concept": "b", "role": "topic", "terms": {"en": ["Dog"]}},
            "already means 'a' in line 1",
        ),
        ({"concept": "b", "role": "topic", "terms": {"en": ["?"]}}, "consists of stop-words"),
        ({"concept": "b", "role": "boss", "terms": {"en": ["cat"]}}, "role: "),
        ({"concept": "b", "role": "topic", "terms": {"fr": ["chat"]}}, "terms.fr"),
    ],
)
def test_a_mistake_in_the_lexicon_is_named_with_its_line(
    tmp_path: Path, second: dict[str, Any], problem: str
) -> None:
    first = {"concept": "a", "role": "topic", "terms": {"en": ["dog"]}}
    with pytest.raises(PluginError, match=r"prices\.jsonl, line 2: ") as failure:
        load_lexicon(write(tmp_path, first, second))
    assert problem in str(failure.value)
