"""What the answer says to people, in the language of their question."""

from __future__ import annotations

from dataclasses import dataclass

from ._lexicon import Language


@dataclass(frozen=True, slots=True)
class Messages:
    found: str
    quoted: str
    nothing: str
    elsewhere: str
    unlisted_codes: str
    unknown: str
    contact: str


MESSAGES = {
    Language.ENGLISH: Messages(
        found="{count} of {total} matching prices from the {year} price list.",
        quoted="Services without an amount are quoted by a consultant.",
        nothing="The {year} price list has no price for this. Ask a consultant for a quote.",
        elsewhere="There are matches under service_type {types}.",
        unlisted_codes="Not on the price list: {codes}.",
        unknown="Not understood: {words}.",
        contact="A consultant quotes services that are not on the price list or have no amount.",
    ),
    Language.ITALIAN: Messages(
        found="{count} di {total} prezzi trovati nel listino {year}.",
        quoted="Per i servizi senza importo un consulente prepara un preventivo.",
        nothing="Il listino {year} non ha questo prezzo. Chieda un preventivo al consulente.",
        elsewhere="Ci sono risultati con service_type {types}.",
        unlisted_codes="Non presente nel listino: {codes}.",
        unknown="Non compreso: {words}.",
        contact="Un consulente prepara il preventivo per i servizi non in listino o senza importo.",
    ),
    Language.INDONESIAN: Messages(
        found="{count} dari {total} harga yang cocok di daftar harga {year}.",
        quoted="Layanan tanpa nominal akan dihitung oleh konsultan.",
        nothing="Daftar harga {year} tidak memuat harga ini. Mintalah penawaran ke konsultan.",
        elsewhere="Ada hasil di service_type {types}.",
        unlisted_codes="Tidak ada di daftar harga: {codes}.",
        unknown="Tidak dipahami: {words}.",
        contact="Konsultan memberi penawaran untuk layanan di luar daftar atau tanpa nominal.",
    ),
}
