"""By what plugins are told apart. A plugin has some values of each facet; a facet that is chosen
shows those that have any of its chosen values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from plugins_app.admin.badges import BADGES
from plugins_app.admin.quality import TIERS
from plugins_app.core.metadata import MODEL_FAMILIES, PluginMetadata
from plugins_app.core.quality import Tier
from plugins_app.services.catalogue import Badge, PluginView

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Facet:
    """`name` stands in the address. `fixed`: values that are offered always, in this order; the
    others come by how many plugins have them. `words`: value -> what it is called."""

    name: str
    label: str
    values: Callable[[PluginView], Collection[str]]
    fixed: tuple[str, ...] = ()
    words: tuple[tuple[str, str], ...] = ()
    metrics: bool = False
    """Whether it would tell of calls to those who may not see metrics."""

    def word(self, value: str) -> str:
        return dict(self.words).get(value, value)

    def ordered(self, known: Iterable[tuple[str, int]]) -> list[str]:
        """`known`: each value with how many plugins have it at all."""
        counted = sorted(known, key=lambda pair: (-pair[1], pair[0]))
        return [*self.fixed, *(value for value, _ in counted if value not in self.fixed)]


def _category(view: PluginView) -> Collection[str]:
    return (view.category,) if view.category else ()


def _status(view: PluginView) -> Collection[str]:
    return (str(view.status),)


def _of(
    values: Callable[[PluginMetadata], Collection[str]],
) -> Callable[[PluginView], Collection[str]]:
    """What is not loaded has no metadata, and so no values."""
    return lambda view: values(view.metadata) if view.metadata else ()


def _whether(fact: Callable[[PluginMetadata], object]) -> Callable[[PluginView], Collection[str]]:
    return _of(lambda metadata: (YES,) if fact(metadata) else (NO,))


FACETS = (
    Facet(
        "favourite",
        "Favourites",
        lambda view: (YES,) if view.favourite else (),
        fixed=(YES,),
        words=((YES, "Mine"),),
    ),
    Facet("category", "Category", _category),
    Facet(
        "status",
        "Status",
        _status,
        fixed=tuple(str(badge) for badge in reversed(Badge)),
        words=tuple((str(badge), look.word) for badge, look in BADGES.items()),
    ),
    Facet(
        "tier",
        "Quality",
        lambda view: (view.tier,) if view.tier else (),
        fixed=tuple(each.name.lower() for each in reversed(Tier)),
        words=tuple((each.name.lower(), word) for each, word in TIERS.items()),
        metrics=True,
    ),
    Facet("tag", "Tags", _of(lambda metadata: metadata.tags)),
    Facet("author", "Author", _of(lambda metadata: (metadata.author,) if metadata.author else ())),
    Facet("model", "Allowed model", _of(lambda m: m.allowed_models), fixed=MODEL_FAMILIES),
    Facet(
        "auth",
        "Login or API key",
        _whether(lambda metadata: metadata.requires_auth or metadata.requires_admin),
        fixed=(YES, NO),
        words=((YES, "Required"), (NO, "Open")),
    ),
    Facet(
        "admin",
        "Administrators only",
        _whether(lambda metadata: metadata.requires_admin),
        fixed=(YES, NO),
        words=((YES, "Yes"), (NO, "No")),
    ),
    Facet(
        "legacy",
        "Legacy key",
        _whether(lambda metadata: metadata.legacy_handler_key),
        fixed=(YES, NO),
        words=((YES, "With"), (NO, "Without")),
    ),
    Facet(
        "deprecated",
        "Deprecated",
        _whether(lambda metadata: metadata.deprecated),
        fixed=(YES, NO),
        words=((YES, "Yes"), (NO, "No")),
    ),
)
FACET = {facet.name: facet for facet in FACETS}
