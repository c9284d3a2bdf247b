"""Names of those whom logs and counters know by their ids."""

from __future__ import annotations

from collections.abc import Collection

from plugins_app.models import ApiKey, User


def names_of(ids: Collection[str]) -> dict[str, str]:
    """'key:ab12' -> 'webapp', 'user:7' -> 'ayu'; what has no name keeps its id. Two queries."""
    keys = {each.removeprefix("key:") for each in ids if each.startswith("key:")}
    users = {each.removeprefix("user:") for each in ids if each.startswith("user:")}
    named = dict(ApiKey.objects.filter(prefix__in=keys).values_list("prefix", "name"))
    called = dict(
        User.objects.filter(pk__in=filter(str.isdigit, users)).values_list("pk", "username")
    )
    known = {f"key:{prefix}": name for prefix, name in named.items()}
    known |= {f"user:{pk}": name for pk, name in called.items()}
    return {each: known.get(each, each) for each in ids}
