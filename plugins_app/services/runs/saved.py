"""Searches of the execution log that a user keeps."""

from __future__ import annotations

from plugins_app.models import SavedSearch

MOST = 20
LONGEST_NAME = 60
LONGEST = 4_000
"""Characters of a query."""


class NotSaved(Exception):
    """Says why, in words for the user."""


def searches_of(user_id: int) -> list[SavedSearch]:
    return list(SavedSearch.objects.filter(user_id=user_id)[:MOST])


def save(user_id: int, name: str, query: str) -> SavedSearch:
    """One of the same name gives way. Raises NotSaved."""
    if not 0 < len(name) <= LONGEST_NAME:
        raise NotSaved(f"A saved search has a name of 1 to {LONGEST_NAME} characters.")
    if len(query) > LONGEST:
        raise NotSaved("This search is too long to be saved.")
    others = SavedSearch.objects.filter(user_id=user_id).exclude(name=name)
    if others.count() >= MOST:
        raise NotSaved(f"You have {MOST} saved searches; delete one first.")
    saved, _ = SavedSearch.objects.update_or_create(
        user_id=user_id, name=name, defaults={"query": query}
    )
    return saved


def delete(user_id: int, search_id: int) -> str | None:
    """The name of what is gone; None where this user had none."""
    found = SavedSearch.objects.filter(user_id=user_id, pk=search_id).first()
    if found:
        found.delete()
    return found.name if found else None
