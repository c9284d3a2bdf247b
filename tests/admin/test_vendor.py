"""Code of others is what its manifest says, to the byte."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
VENDORS = [ROOT / "static/vendor", ROOT / "tests/browser/vendor"]


@pytest.mark.parametrize("vendor", VENDORS, ids=["pages", "tests"])
def test_every_vendored_file_has_the_hash_of_the_manifest(vendor: Path) -> None:
    listed = {
        f"{entry['name']}-{entry['version']}/{name}": digest
        for entry in json.loads((vendor / "manifest.json").read_text())
        for name, digest in entry["files"].items()
    }
    found = {
        str(file.relative_to(vendor)): sha256(file.read_bytes()).hexdigest()
        for file in vendor.glob("*/**/*")
        if file.is_file()
    }
    assert found == listed


@pytest.mark.parametrize("vendor", VENDORS, ids=["pages", "tests"])
def test_every_vendored_package_names_its_licence_and_brings_its_text(vendor: Path) -> None:
    for entry in json.loads((vendor / "manifest.json").read_text()):
        assert entry["licence"]
        assert any(name.startswith("LICENSE") for name in entry["files"])


def test_no_static_file_points_at_a_source_map_that_is_not_there() -> None:
    scripts = [*ROOT.glob("static/**/*.js"), *ROOT.glob("static/**/*.css")]
    assert scripts
    assert not [file for file in scripts if "sourceMappingURL" in file.read_text()]


def test_icons_of_the_templates_are_in_the_sprite() -> None:
    from plugins_app.admin import badges
    from plugins_app.admin.navigation import PAGES

    sprite = next(ROOT.glob("static/vendor/lucide-*/sprite.svg")).read_text()
    looks = [*badges.BADGES.values(), *badges.EXECUTIONS.values()]
    used = {look.icon for look in looks} | set(badges.CATEGORY_ICONS.values())
    used |= {page.icon for page in PAGES} | {badges.category_icon("unheard-of")}
    for file in (ROOT / "templates").rglob("*.html"):
        parts = file.read_text().split('{% icon "')[1:]
        used |= {part.partition('"')[0] for part in parts}
    assert sorted(name for name in used if f'id="{name}"' not in sprite) == []
