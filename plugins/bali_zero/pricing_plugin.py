"""Official prices, exactly as the price list states them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from plugins_app.core import (
    Context,
    Example,
    Plugin,
    PluginCategory,
    PluginInput,
    PluginMetadata,
    PluginOutput,
)

from ._lexicon import BUNDLED_LEXICON, Lexicon, Reading, load_lexicon
from ._messages import MESSAGES, Messages
from ._price_list import (
    OFFICIAL_PRICE_LIST,
    Basis,
    Duration,
    PriceList,
    PriceListInfo,
    PriceRow,
    ServiceType,
    load_price_list,
)
from ._search import find, listed_codes

CONTACT_EMAIL = "info@balizero.com"

Query = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class PricingConfig(BaseModel):
    model_config = ConfigDict(extra="forbid")

    price_list_file: Path | None = Field(
        None,
        description="Another price list in the format of the bundled one (JSON Lines); a relative "
        "path starts at the working directory of the process. Empty: the bundled list.",
    )


class PricingInput(PluginInput):
    service_type: ServiceType = Field(
        ServiceType.ALL, description="Kind of service to list; 'all' for every kind."
    )
    query: Query | None = Field(
        None,
        description="What is looked for, in English, Italian or Indonesian: a service, a visa "
        "code or a question, like 'E33G', 'visto per pensionati', 'berapa harga kitas'.",
    )
    max_results: int | None = Field(
        None, ge=1, le=200, description="Most prices to return, best matches first; empty for all."
    )


class ServicePrice(BaseModel):
    service: str = Field(description="Name of the service in the price list.")
    variant: str = Field(description="Variant, like 'offshore', '2y' or 'extension'.")
    service_type: ServiceType = Field(description="Kind of service.")
    group: str = Field(description="Section of the price list.")
    amount_idr: int | None = Field(description="Amount in rupiah; null where it is quoted.")
    basis: Basis = Field(
        description="'fixed' amount, 'from' this amount on, 'approx' amount, or 'quote' on request."
    )
    duration: Duration | None = Field(description="Duration, where the price list states one.")
    display: str = Field(description="The price as text, like 'from IDR 20,000,000'.")


class Contact(BaseModel):
    email: str = Field(description="Mailbox of the consultants.")
    note: str = Field(description="What to ask them for.")


class PricingOutput(PluginOutput):
    service_type: ServiceType = Field(description="Kind of service that was asked for.")
    currency: Literal["IDR"] = Field("IDR", description="Currency of all amounts.")
    prices: list[ServicePrice] = Field(description="Matching prices, best first.")
    count: int = Field(description="How many prices are in this answer.")
    total_matches: int = Field(description="How many prices match, also beyond max_results.")
    not_understood: list[str] = Field(description="Words and codes of the query without meaning.")
    language: str = Field(description="Language of the message: en, it or id.")
    message: str = Field(description="The outcome in a sentence.")
    contact: Contact = Field(description="Who quotes what the list does not price.")
    price_list: PriceListInfo = Field(description="The list that the prices come from.")


class PricingPlugin(Plugin[PricingInput, PricingOutput]):
    metadata = PluginMetadata(
        name="bali_zero.pricing",
        version="1.0.0",
        description="Official Bali Zero prices of visas, KITAS, KITAP, company setup, tax, legal "
        "services and packages. Only figures of the price list; what it lacks is not estimated.",
        author="Bali Zero",
        owner="Bali Zero pricing",
        category=PluginCategory.BALI_ZERO,
        tags=("pricing", "bali-zero", "visa", "kitas", "kitap", "company", "tax"),
        estimated_time=0.5,
        rate_limit=100,
        cache_ttl=300,
        cache_scope="public",
        read_only=True,
        idempotent=True,
        open_world=False,
        legacy_handler_key="get_pricing",
        aliases=("bali-zero.pricing", "pricing.official"),
        examples=(
            Example(
                title="All KITAS prices",
                input={"service_type": "kitas"},
                expect={"service_type": "kitas", "currency": "IDR", "count": 18},
            ),
            Example(
                title="A visa code",
                input={"query": "E33G"},
                expect={"count": 2, "total_matches": 2, "not_understood": []},
            ),
            Example(
                title="A question in Italian",
                input={"query": "quanto costa il visto per pensionati?", "max_results": 2},
                expect={"count": 2, "total_matches": 3, "language": "it"},
            ),
            Example(
                title="A question in Indonesian",
                input={"service_type": "tax_consulting", "query": "laporan pajak bulanan"},
                expect={"count": 1, "language": "id"},
            ),
            Example(
                title="Not on the price list",
                input={"query": "B211B visa"},
                expect={"prices": [], "count": 0, "not_understood": ["b211b"]},
            ),
        ),
    )
    config_model = PricingConfig
    config: PricingConfig

    _lexicon: Lexicon
    _price_list: PriceList

    def on_load(self) -> None:
        lexicon = load_lexicon(BUNDLED_LEXICON)
        path = self.config.price_list_file or OFFICIAL_PRICE_LIST
        self._price_list = load_price_list(path, lexicon.concepts)
        self._lexicon = lexicon.with_names(row.service for row in self._price_list.rows)

    async def execute(self, input_data: PricingInput, context: Context) -> PricingOutput:
        reading = self._lexicon.read(input_data.query or "", self._price_list.codes)
        found = self._find(input_data.service_type, reading)
        shown = found[: input_data.max_results]
        unlisted = self._unlisted_codes(reading)
        return PricingOutput(
            service_type=input_data.service_type,
            prices=[_price(row) for row in shown],
            count=len(shown),
            total_matches=len(found),
            not_understood=[*unlisted, *reading.unknown],
            language=reading.language.value,
            message=self._message(reading, shown, len(found), unlisted),
            contact=Contact(email=CONTACT_EMAIL, note=MESSAGES[reading.language].contact),
            price_list=self._price_list.info,
        )

    def _find(self, service_type: ServiceType, reading: Reading) -> list[PriceRow]:
        return find(self._price_list.of_type(service_type), reading, self._lexicon.fallbacks)

    def _unlisted_codes(self, reading: Reading) -> list[str]:
        listed = listed_codes(self._price_list.rows, reading.codes)
        return [code for code in reading.codes if code not in listed]

    def _message(
        self, reading: Reading, shown: list[PriceRow], total: int, unlisted: list[str]
    ) -> str:
        texts = MESSAGES[reading.language]
        parts = self._found(texts, shown, total) if total else self._nothing(texts, reading)
        if unlisted:
            codes = ", ".join(code.upper() for code in unlisted)
            parts.append(texts.unlisted_codes.format(codes=codes))
        if reading.unknown:
            parts.append(texts.unknown.format(words=", ".join(reading.unknown)))
        return " ".join(parts)

    def _found(self, texts: Messages, shown: list[PriceRow], total: int) -> list[str]:
        year = self._price_list.info.year
        found = texts.found.format(count=len(shown), total=total, year=year)
        quoted = any(row.basis is Basis.QUOTE for row in shown)
        return [found, texts.quoted] if quoted else [found]

    def _nothing(self, texts: Messages, reading: Reading) -> list[str]:
        """Also where the query does find something: under another service type."""
        parts = [texts.nothing.format(year=self._price_list.info.year)]
        elsewhere = self._find(ServiceType.ALL, reading)
        if types := dict.fromkeys(row.service_type.value for row in elsewhere):
            parts = [texts.elsewhere.format(types=", ".join(types))]
        return parts


def _price(row: PriceRow) -> ServicePrice:
    return ServicePrice(
        service=row.service,
        variant=row.variant,
        service_type=row.service_type,
        group=row.group,
        amount_idr=row.amount_idr,
        basis=row.basis,
        duration=row.duration,
        display=row.display,
    )
