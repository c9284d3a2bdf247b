"""The prices themselves: complete, correct, filtered, and honest about what is not listed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from plugins.bali_zero.pricing_plugin import PricingInput, PricingOutput, PricingPlugin
from plugins_app.core import PluginOutput
from tests.plugins._call import call, loaded


@pytest.fixture(scope="module")
def pricing() -> PricingPlugin:
    plugin: PricingPlugin = loaded(PricingPlugin)
    return plugin


def ask(plugin: PricingPlugin, **fields: Any) -> PricingOutput:
    answer: PricingOutput = call(plugin, PricingInput(**fields))
    return answer


def price(plugin: PricingPlugin, service: str, variant: str = "standard") -> Any:
    prices = ask(plugin).prices
    return next(p for p in prices if (p.service, p.variant) == (service, variant))


def test_the_price_list_is_complete(pricing: PricingPlugin) -> None:
    answer = ask(pricing)
    assert (answer.count, answer.total_matches) == (56, 56)
    assert sum(p.amount_idr or 0 for p in answer.prices) == 582_000_000


@pytest.mark.parametrize(
    ("group", "count", "total"),
    [
        ("single_entry_visas", 11, 40_000_000),
        ("multiple_entry_visas", 6, 43_500_000),
        ("kitas_permits", 18, 329_000_000),
        ("kitap_permits", 4, 0),
        ("business_legal_services", 5, 42_000_000),
        ("taxation_services", 9, 18_000_000),
        ("quick_quotes", 3, 109_500_000),
    ],
)
def test_each_group_has_its_number_of_prices_and_its_sum(
    pricing: PricingPlugin, group: str, count: int, total: int
) -> None:
    amounts = [p.amount_idr or 0 for p in ask(pricing).prices if p.group == group]
    assert (len(amounts), sum(amounts)) == (count, total)


@pytest.mark.parametrize(
    ("service_type", "count"),
    [
        ("visa", 17),
        ("kitas", 18),
        ("kitap", 4),
        ("business_setup", 3),
        ("legal", 2),
        ("tax_consulting", 9),
        ("packages", 3),
        ("all", 56),
    ],
)
def test_a_service_type_lists_all_its_prices_and_no_other(
    pricing: PricingPlugin, service_type: str, count: int
) -> None:
    answer = ask(pricing, service_type=service_type)
    assert answer.count == count
    assert service_type == "all" or {p.service_type for p in answer.prices} == {service_type}


def test_business_and_legal_services_are_told_apart(pricing: PricingPlugin) -> None:
    legal = {p.service for p in ask(pricing, service_type="legal").prices}
    assert legal == {"Legal Real Estate", "Building Permit PBG & SLF"}


def test_every_basis_has_its_number_of_prices(pricing: PricingPlugin) -> None:
    bases = Counter(p.basis.value for p in ask(pricing).prices)
    assert bases == {"fixed": 40, "from": 7, "approx": 2, "quote": 7}


@pytest.mark.parametrize(
    ("service", "variant", "basis", "amount", "display"),
    [
        ("C1 Tourism", "extension", "fixed", 1_700_000, "IDR 1,700,000"),
        ("Spouse KITAS (E31A)", "2y_on", "fixed", 17_000_000, "IDR 17,000,000"),
        ("PT PMA Company Setup", "standard", "from", 20_000_000, "from IDR 20,000,000"),
        ("Beach Club Full Setup", "total", "from", 55_000_000, "from IDR 55,000,000"),
        ("Remote Worker 1 Year Package", "total", "approx", 14_500_000, "about IDR 14,500,000"),
        ("Investor KITAP", "standard", "quote", None, "on request"),
        ("C18 Work Trial", "standard", "quote", None, "on request"),
    ],
)
def test_a_price_says_its_amount_and_on_which_basis(
    pricing: PricingPlugin, service: str, variant: str, basis: str, amount: int, display: str
) -> None:
    found = price(pricing, service, variant)
    assert (found.basis, found.amount_idr, found.display) == (basis, amount, display)


@pytest.mark.parametrize(
    ("service", "variant", "duration"),
    [
        ("C1 Tourism", "standard", (60, 60, "60 days")),
        ("C18 Work Trial", "standard", (None, 90, "Max 90 days")),
        ("D2 Business", "1y", (365, 730, "1 or 2 years")),
        (
            "Freelance KITAS (E23)",
            "onshore",
            (45, 60, "30-45 days (offshore), 45-60 days (onshore)"),
        ),
        (
            "Building Permit PBG & SLF",
            "standard",
            (30, 60, "30-60 days (varies by project size)"),
        ),
    ],
)
def test_a_duration_has_days_and_the_words_of_the_list(
    pricing: PricingPlugin, service: str, variant: str, duration: tuple[int | None, int, str]
) -> None:
    found = price(pricing, service, variant).duration
    assert (found.min_days, found.max_days, found.note) == duration


def test_a_service_without_a_stated_duration_has_none(pricing: PricingPlugin) -> None:
    assert price(pricing, "LKPM Report").duration is None


def test_the_answer_names_the_price_list(pricing: PricingPlugin) -> None:
    info = ask(pricing).price_list
    assert (info.year, info.currency) == (2025, "IDR")
    assert "Bali Zero" in info.source


def test_max_results_cuts_the_answer_and_tells_how_many_match(pricing: PricingPlugin) -> None:
    answer = ask(pricing, service_type="kitas", max_results=5)
    assert (answer.count, len(answer.prices), answer.total_matches) == (5, 5, 18)


@pytest.mark.parametrize("query", ["", "   ", "?!", "berapa harga", "how much does it cost?"])
def test_a_question_without_content_lists_the_whole_type(
    pricing: PricingPlugin, query: str
) -> None:
    assert ask(pricing, service_type="kitap", query=query).count == 4


@pytest.mark.parametrize(
    ("query", "language", "words"),
    [
        ("how much is a pizza", "en", "consultant"),
        ("quanto costa una pizza", "it", "preventivo"),
        ("berapa harga pizza", "id", "penawaran"),
        ("pizza", "en", "consultant"),
    ],
)
def test_an_empty_answer_says_so_in_the_language_of_the_question(
    pricing: PricingPlugin, query: str, language: str, words: str
) -> None:
    answer = ask(pricing, query=query)
    assert (answer.success, answer.prices, answer.total_matches) == (True, [], 0)
    assert answer.language == language
    assert words in answer.message


def test_an_empty_answer_names_whom_to_ask(pricing: PricingPlugin) -> None:
    contact = ask(pricing, query="pizza").contact
    assert contact.email == "info@balizero.com"
    assert "consultant" in contact.note


def test_an_answer_names_the_words_it_did_not_understand(pricing: PricingPlugin) -> None:
    answer = ask(pricing, query="visto per cani")
    assert answer.not_understood == ["cani"]
    assert "cani" in answer.message


def test_an_unlisted_code_is_named_beside_the_prices_of_a_listed_one(
    pricing: PricingPlugin,
) -> None:
    answer = ask(pricing, query="E33G or E99")
    assert {p.service for p in answer.prices} == {"Remote Worker KITAS (E33G)"}
    assert "E99" in answer.message


def test_a_match_under_another_type_is_pointed_at_and_not_mixed_in(
    pricing: PricingPlugin,
) -> None:
    answer = ask(pricing, service_type="tax_consulting", query="investor kitas")
    assert answer.prices == []
    assert "kitas" in answer.message


def test_a_quoted_service_is_said_to_be_quoted(pricing: PricingPlugin) -> None:
    assert "quoted by a consultant" in ask(pricing, query="investor kitap price").message


def test_the_output_leaves_the_base_fields_as_they_are() -> None:
    base = {*PluginOutput.model_fields, "ok"}
    assert not base & set(PricingOutput.__annotations__)


def test_every_input_field_has_a_description() -> None:
    fields = PricingInput.model_json_schema()["properties"]
    assert all(field.get("description") for field in fields.values())


@pytest.mark.parametrize(
    "fields",
    [{"service_type": "cars"}, {"query": "x" * 201}, {"max_results": 0}, {"unknown": 1}],
)
def test_input_outside_the_schema_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PricingInput(**fields)


@pytest.mark.parametrize("example", PricingPlugin.metadata.examples, ids=lambda e: e.title)
def test_the_examples_come_true(pricing: PricingPlugin, example: Any) -> None:
    answer = call(pricing, PricingInput.model_validate(example.input)).model_dump(mode="json")
    assert {key: answer[key] for key in example.expect} == example.expect


def test_the_former_names_still_lead_here() -> None:
    names = PricingPlugin.metadata.all_aliases
    assert names == ("get_pricing", "bali-zero.pricing", "pricing.official")
