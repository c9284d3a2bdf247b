"""What people ask, in three languages, and the services that they must and must not see."""

from __future__ import annotations

import pytest

from plugins.bali_zero.pricing_plugin import PricingInput, PricingPlugin
from tests.plugins._call import call, loaded

QUERIES = [
    # question, services that must be found, services that must not
    ("how much is a visa?", ["C1 Tourism", "D2 Business"], ["Working KITAS (E23)", "LKPM Report"]),
    ("long-stay permit", ["Working KITAS (E23)", "Investor KITAP"], ["C1 Tourism"]),
    ("permanent residence permit", ["Family KITAP"], ["Working KITAS (E23)"]),
    ("tourist visa", ["C1 Tourism", "D1 Tourism/Meetings"], ["C2 Business"]),
    ("business visa", ["C2 Business", "D2 Business"], ["PT PMA Company Setup", "C1 Tourism"]),
    ("working visa", ["Working KITAS (E23)"], ["Remote Worker KITAS (E33G)"]),
    ("remote worker", ["Remote Worker KITAS (E33G)"], ["Working KITAS (E23)"]),
    ("digital nomad", ["Remote Worker 1 Year Package"], ["Freelance KITAS (E23)"]),
    ("spouse kitas", ["Spouse KITAS (E31A)"], ["Dependent KITAS (E31B/E)", "Family KITAP"]),
    ("visa for my children", ["Dependent KITAS (E31B/E)"], ["Spouse KITAS (E31A)"]),
    ("company internship", ["C22B Company Internship"], ["C22A Academy Internship"]),
    ("PT PMA setup", ["PT PMA Company Setup"], ["Company Revision", "Alcohol License"]),
    ("how do I open a company?", ["PT PMA Company Setup"], ["Company Revision"]),
    ("liquor licence", ["Alcohol License"], ["PT PMA Company Setup"]),
    ("tax report", ["Monthly Tax Report"], ["LKPM Report", "BPJS Health Insurance"]),
    ("property due diligence", ["Legal Real Estate"], ["Building Permit PBG & SLF"]),
    ("health insurance", ["BPJS Health Insurance"], ["BPJS Employment Insurance"]),
    ("musician", ["C7 A&B Music"], ["C7 Professional"]),
    ("work trial", ["C18 Work Trial"], ["Working KITAS (E23)"]),
    ("quanto costa il visto?", ["C1 Tourism", "D1 Tourism/Meetings"], ["Working KITAS (E23)"]),
    ("visto turistico", ["C1 Tourism", "D1 Tourism/Meetings"], ["C2 Business"]),
    ("visto per pensionati", ["Retirement KITAS (E33F)"], ["C1 Tourism", "Working KITAS (E23)"]),
    ("nomade digitale", ["Remote Worker KITAS (E33G)"], ["Working KITAS (E23)"]),
    ("visto di lavoro", ["Working KITAS (E23)"], ["Remote Worker KITAS (E33G)"]),
    ("permesso di soggiorno", ["Working KITAS (E23)"], ["Alcohol License", "C1 Tourism"]),
    ("matrimonio", ["Spouse KITAS (E31A)"], ["Dependent KITAS (E31B/E)"]),
    ("visto per coniuge", ["Spouse KITAS (E31A)"], ["C1 Tourism"]),
    ("aprire una società", ["PT PMA Company Setup"], ["Company Revision", "NPWPD Company"]),
    ("tasse", ["Monthly Tax Report", "Annual Personal Tax"], ["LKPM Report", "C1 Tourism"]),
    ("dichiarazione dei redditi", ["Annual Personal Tax"], ["NPWPD Company"]),
    ("licenza alcol", ["Alcohol License"], ["Building Permit PBG & SLF"]),
    ("permesso di costruzione", ["Building Permit PBG & SLF"], ["Working KITAS (E23)"]),
    ("tirocinio universitario", ["C22A Academy Internship"], ["C22B Company Internship"]),
    ("pacchetto investitore", ["Investor Package (Full Setup)"], ["Investor KITAS (E28A)"]),
    ("berapa harga kitas", ["Working KITAS (E23)"], ["C1 Tourism", "Investor KITAP"]),
    ("izin tinggal tetap", ["Retirement KITAP"], ["Retirement KITAS (E33F)"]),
    ("izin tinggal terbatas", ["Retirement KITAS (E33F)"], ["Retirement KITAP"]),
    ("visa turis", ["C1 Tourism"], ["C2 Business"]),
    ("visa pensiunan", ["Retirement KITAS (E33F)"], ["C1 Tourism"]),
    ("kitas pasangan", ["Spouse KITAS (E31A)"], ["Dependent KITAS (E31B/E)"]),
    ("pekerja lepas", ["Freelance KITAS (E23)"], ["Working KITAS (E23)"]),
    ("kerja jarak jauh", ["Remote Worker KITAS (E33G)"], ["Working KITAS (E23)"]),
    ("buka perusahaan", ["PT PMA Company Setup"], ["Company Revision"]),
    ("perubahan akta perusahaan", ["Company Revision"], ["PT PMA Company Setup"]),
    ("pajak", ["Monthly Tax Report"], ["C1 Tourism", "LKPM Report"]),
    ("laporan pajak bulanan", ["Monthly Tax Report"], ["Annual Personal Tax"]),
    ("npwp perusahaan", ["NPWPD Company"], ["NPWP Personal + Coretax"]),
    ("IMB", ["Building Permit PBG & SLF"], ["Legal Real Estate"]),
    ("izin mendirikan bangunan", ["Building Permit PBG & SLF"], ["Alcohol License"]),
    ("izin minuman beralkohol", ["Alcohol License"], ["Building Permit PBG & SLF"]),
    ("bpjs ketenagakerjaan", ["BPJS Employment Insurance"], ["BPJS Health Insurance"]),
    ("paket beach club", ["Beach Club Full Setup"], ["Remote Worker 1 Year Package"]),
    ("E33G", ["Remote Worker KITAS (E33G)"], ["Retirement KITAS (E33F)"]),
    ("E33", ["Remote Worker KITAS (E33G)", "Retirement KITAS (E33F)"], ["Spouse KITAS (E31A)"]),
    ("D12", ["D12 Business Investigation"], ["D1 Tourism/Meetings"]),
    ("D1", ["D1 Tourism/Meetings"], ["D12 Business Investigation"]),
    ("KITAS E23", ["Working KITAS (E23)", "Freelance KITAS (E23)"], ["Investor KITAS (E28A)"]),
]


@pytest.fixture(scope="module")
def pricing() -> PricingPlugin:
    plugin: PricingPlugin = loaded(PricingPlugin)
    return plugin


def found(plugin: PricingPlugin, query: str) -> list[tuple[str, str]]:
    return [(p.service, p.variant) for p in call(plugin, PricingInput(query=query)).prices]


def services(plugin: PricingPlugin, query: str) -> set[str]:
    return {service for service, _ in found(plugin, query)}


@pytest.mark.parametrize(("query", "wanted", "unwanted"), QUERIES)
def test_a_question_finds_what_it_means_and_nothing_else(
    pricing: PricingPlugin, query: str, wanted: list[str], unwanted: list[str]
) -> None:
    names = services(pricing, query)
    assert set(wanted) <= names
    assert not set(unwanted) & names


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("APRIRE UNA SOCIETA", "aprire una società"),
        ("visto, turistico!", "visto turistico"),
        ("long stay permit", "long-stay permit"),
        ("e-33g", "E33G"),
        ("e 33g", "E33G"),
        ("retirment visa", "retirement visa"),
        ("pensoinati", "pensionati"),
        ("kitsa", "kitas"),
        ("perusahan baru", "perusahaan baru"),
        ("alcohl license", "alcohol license"),
    ],
)
def test_case_accents_punctuation_and_one_slip_do_not_matter(
    pricing: PricingPlugin, typed: str, meant: str
) -> None:
    assert found(pricing, typed) == found(pricing, meant) != []


@pytest.mark.parametrize("query", ["advisable", "kitasan", "taxidermy", "pizza margherita"])
def test_a_word_inside_another_word_is_no_match(pricing: PricingPlugin, query: str) -> None:
    assert found(pricing, query) == []


@pytest.mark.parametrize("query", ["E33H", "B211B visa", "D3", "C1A"])
def test_a_code_that_is_not_listed_finds_nothing_however_similar(
    pricing: PricingPlugin, query: str
) -> None:
    assert found(pricing, query) == []


@pytest.mark.parametrize(
    "query", ["rinnovo kitas", "visa on arrival", "student visa", "batal kitas", "golden visa"]
)
def test_a_service_that_is_not_listed_gets_no_price_of_a_related_one(
    pricing: PricingPlugin, query: str
) -> None:
    assert found(pricing, query) == []


@pytest.mark.parametrize(
    ("query", "price"),
    [
        ("spouse kitas 2 years onshore", ("Spouse KITAS (E31A)", "2y_on")),
        ("tourist visa extension", ("C1 Tourism", "extension")),
        ("freelance offshore", ("Freelance KITAS (E23)", "offshore")),
        ("magang kampus 6 bulan", ("C22A Academy Internship", "180d")),
        ("D2 due anni", ("D2 Business", "2y")),
        ("Annual Tax Report (Zero)", ("Annual Tax Report (Zero)", "standard")),
    ],
)
def test_a_detail_narrows_to_one_variant(
    pricing: PricingPlugin, query: str, price: tuple[str, str]
) -> None:
    assert found(pricing, query) == [price]


def test_a_detail_that_no_match_has_is_left_aside(pricing: PricingPlugin) -> None:
    assert found(pricing, "retirement kitas 2 years") == found(pricing, "retirement kitas")


def test_the_type_that_was_named_comes_first(pricing: PricingPlugin) -> None:
    assert "KITAS" in found(pricing, "visa kitas")[0][0]


def test_zero_in_bali_zero_is_no_zero_tax_report(pricing: PricingPlugin) -> None:
    assert services(pricing, "Bali Zero tax prices") == services(pricing, "tax prices")


def test_within_a_kind_of_stay_permit_visa_means_all_of_it(pricing: PricingPlugin) -> None:
    answer = call(pricing, PricingInput(service_type="kitas", query="visa prices"))
    assert answer.count == 18
