"""The admin's six pages of every registered model. Rows of this matrix follow from the model's
permissions: whoever may see a model sees its lists and rows; what only services write answers
everything else with 403."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import models
from django.test import Client, RequestFactory

from plugins_app.models import ApiKey, AuditEvent, AuditHead, ExecutionLog, User
from tests.rights._matrix import METHODS
from tests.rights._urls import list_of
from tests.rights.conftest import Callers, new_user
from tests.rights.test_matrix import cell_of

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
WRITABLE = {"plugins_app.User", "auth.Group"}
OWN_PAGES = {ApiKey, AuditEvent, ExecutionLog}
"""The stock addresses lead there."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_operators_write_only_users_and_groups() -> None:
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_staff=True)
    writable = {
        model._meta.label
        for model, page in admin.site._registry.items()
        if any(page.get_model_perms(request)[verb] for verb in ("add", "change", "delete"))
    }

    assert writable == WRITABLE


def new_row(model: type[models.Model]) -> models.Model:
    """With whatever its fields require."""
    if model is AuditHead:
        return AuditHead.held()
    known = {"id": 1} if model._meta.model_name == "registrystate" else {}
    values = {
        field.name: known.get(field.name, value_for(field))
        for field in model._meta.concrete_fields
        if not (field.has_default() or field.null or isinstance(field, models.AutoField))
    }
    return model._default_manager.create(**values)


def value_for(field: models.Field[Any, Any]) -> Any:
    if field.is_relation:
        return new_row(field.related_model)
    if isinstance(field, models.DateTimeField):
        return NOW
    if isinstance(field, models.DurationField | models.IntegerField | models.FloatField):
        return 1
    if isinstance(field, models.GenericIPAddressField):
        return "127.0.0.1"
    if field.choices:
        return next(iter(field.choices))[0]
    return {} if isinstance(field, models.JSONField) else f"some.{field.name}"[: field.max_length]


def pages_of(model: type[models.Model], key: Any) -> dict[str, str]:
    """What is done there -> path."""
    at = f"/{list_of(model)}"
    row = f"{at}{key}/"
    verbs = {verb: f"{row}{verb}/" for verb in ("history", "change", "delete")}
    return {"list": at, "add": f"{at}add/", "old": row, **verbs}


def expected(model: type[models.Model], page: str, method: str, rights: set[str]) -> str:
    """For staff. An empty form that somebody may send is refused on its page, or by 400."""
    if method not in ("GET", "HEAD", "POST"):
        return "405"
    if page == "old":
        return "302"
    writes = method == "POST"
    if model._meta.label not in WRITABLE:
        seen = page in ("list", "change", "history") and not writes and "view" in rights
        if seen and model in OWN_PAGES and page != "history":
            return "302"  # to pages of its own
        return "ok" if seen else "403"
    if needed(page, writes) - rights:
        return "403"
    return "ok|400" if writes and page in ("add", "change") else "ok"


def needed(page: str, writes: bool) -> set[str]:
    if page in ("add", "delete"):
        return {page}
    return {"change"} if page == "change" and writes else {"view"}


def staff(name: str, model: type[models.Model], verbs: set[str]) -> tuple[Client, set[str]]:
    """The client, and what it may. Whoever may change rows may see them; whoever makes users needs
    both permissions, as Django has it."""
    user = new_user(name, is_staff=True)
    of_model = Permission.objects.filter(content_type__app_label=model._meta.app_label)
    held = of_model.filter(codename__in=[f"{verb}_{model._meta.model_name}" for verb in verbs])
    user.user_permissions.set(held)
    client = Client(raise_request_exception=False)
    client.force_login(user)
    rights = {permission.codename.partition("_")[0] for permission in held}
    rights |= {"view"} if "change" in rights else set()
    return client, rights - ({"add"} if model is User and "change" not in rights else set())


ALL = {"view", "add", "change", "delete"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_pages_about_a_model_answer_as_their_permissions_say(
    callers: Callers, model: type[models.Model]
) -> None:
    people = {verbs: staff(verbs, model, {verbs}) for verbs in ("view", "add", "change")}
    people |= {"all": staff("all", model, ALL), "root": (callers["root"], ALL)}
    people |= {"none": (callers["staff"], set())}
    wrong = []
    for page, path in pages_of(model, new_row(model).pk).items():
        for method, (who, (client, rights)) in product(METHODS, people.items()):
            found = cell_of(client.generic(method, path))
            if found not in (declared := expected(model, page, method, rights)).split("|"):
                wrong.append(f"{method} {path} for {who}: {found}, declared {declared}")
    assert not wrong


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_pages_about_a_model_are_behind_the_login(
    callers: Callers, model: type[models.Model]
) -> None:
    for path, method in product(pages_of(model, 1).values(), METHODS):
        for column in ("nobody", "admin", "user"):
            assert cell_of(callers[column].generic(method, path)) == "in", (method, path)
