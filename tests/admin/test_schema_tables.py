from __future__ import annotations

from typing import Any

from plugins_app.admin.schema_tables import Row, rows


def row(field: dict[str, Any], **root: Any) -> Row:
    return rows({"properties": {"field": field}, **root})[0]


def test_a_field_shows_its_type_default_rules_and_meaning() -> None:
    shown = row(
        {"type": "integer", "minimum": 1, "maximum": 200, "default": 5, "description": "How many."}
    )
    assert (shown.type, shown.default) == ("integer", "5")
    assert shown.constraints == "≥ 1; ≤ 200"
    assert shown.description == "How many."
    assert not shown.required


def test_required_fields_are_marked() -> None:
    assert row({"type": "string"}, required=["field"]).required


def test_an_optional_field_names_both_types_and_keeps_the_rules() -> None:
    shown = row({"anyOf": [{"type": "string", "maxLength": 1}, {"type": "null"}], "default": None})
    assert shown.type == "string or null"
    assert shown.constraints == "at most 1 character"
    assert shown.default == "null"


def test_references_are_followed() -> None:
    definitions = {"Kind": {"type": "string", "enum": ["visa", "kitas"], "description": "Theirs."}}
    shown = row({"$ref": "#/$defs/Kind", "description": "Ours."}, **{"$defs": definitions})
    assert shown.type == "string"
    assert shown.constraints == "one of visa, kitas"
    assert shown.description == "Ours."


def test_many_choices_are_cut_with_their_number() -> None:
    assert row({"enum": list(range(30))}).constraints.endswith("10, 11 and 18 more")


def test_fields_of_nested_objects_are_named_by_their_path() -> None:
    price = {"type": "object", "properties": {"amount": {"type": "integer"}}}
    schema = {"properties": {"prices": {"type": "array", "items": price}}}
    assert [(each.name, each.depth) for each in rows(schema)] == [
        ("prices", 0),
        ("prices[].amount", 1),
    ]


def test_a_type_that_contains_itself_ends() -> None:
    node = {"type": "object", "properties": {"child": {"$ref": "#/$defs/Node"}}}
    schema = {"properties": {"root": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": node}}
    assert [each.name for each in rows(schema)] == ["root", "root.child", "root.child.child"]


def test_a_reference_that_leads_nowhere_or_in_circles_is_any() -> None:
    assert row({"$ref": "#/$defs/Gone"}).type == "any"
    circle = {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}
    assert row({"$ref": "#/$defs/A"}, **{"$defs": circle}).type == "any"


def test_a_schema_without_fields_has_no_rows() -> None:
    assert rows({"description": "Any JSON value."}) == []


def test_formats_constants_and_rules_of_items_are_told() -> None:
    assert row({"type": "string", "format": "date"}).type == "string (date)"
    assert row({"const": "IDR"}).constraints == 'always "IDR"'
    items = {"type": "array", "items": {"type": "string", "minLength": 2}, "maxItems": 3}
    assert row(items).constraints == "at most 3 items; each: at least 2 characters"
    assert row(items).type == "array of string"
