"""The palette: the same dark twice, and words that can be read on what they stand on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parent.parent.parent / "static/css/tokens.css").read_text()


def _block(selector: str) -> dict[str, str]:
    body = TOKENS[TOKENS.index(selector) :].partition("{")[2].partition("}")[0]
    return dict(re.findall(r"(--[\w-]+):\s*([^;]+);", body))


LIGHT = _block(":root {")
DARK = _block(':root[data-theme="dark"]')


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_dark_by_the_system_and_dark_by_choice_are_the_same() -> None:
    assert _block(':root:not([data-theme="light"])') == DARK


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["--surface", "--page", "--sunken"])
@pytest.mark.parametrize("ink", ["--text", "--muted", "--link", "--warn", "--error"])
def test_text_has_a_contrast_of_at_least_4_5(theme: dict[str, str], ground: str, ink: str) -> None:
    assert contrast(theme[ink], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("tone", ["ok", "warn", "error", "off", "info"])
def test_badges_have_a_contrast_of_at_least_4_5(theme: dict[str, str], tone: str) -> None:
    assert contrast(theme[f"--{tone}"], theme[f"--{tone}-bg"]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("button", ["primary", "primary-hover", "danger", "danger-hover"])
def test_buttons_have_a_contrast_of_at_least_4_5(theme: dict[str, str], button: str) -> None:
    assert contrast(theme["--on-primary"], theme[f"--{button}"]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    "line", ["--control", "--focus", *(f"--chart-{number}" for number in range(1, 6))]
)
def test_controls_and_lines_of_charts_have_a_contrast_of_at_least_3(
    theme: dict[str, str], line: str
) -> None:
    assert contrast(theme[line], theme["--surface"]) >= 3
