from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import CommandParser
from django.utils import timezone

from plugins_app.core.caller import Scope
from plugins_app.management.command import ZantaraCommand
from plugins_app.management.durations import span
from plugins_app.models import ApiKey
from plugins_app.services import access
from plugins_app.services.access import NewKey
from plugins_app.services.audit import CLI

_DEFAULT_EXPIRY = "90d"


class Command(ZantaraCommand):
    help = "Create, list, rotate and revoke API keys."

    def arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        create = _action(actions, "create", "Make a key; its secret is shown this once.")
        create.add_argument("--name", required=True)
        create.add_argument(
            "--scopes", default="list,execute", help=f"Of: {', '.join(sorted(Scope))}."
        )
        create.add_argument("--plugins", default="*", help="Globs with commas: 'team.*,tax.*'.")
        create.add_argument("--expires", default=_DEFAULT_EXPIRY, help="90d, 2027-01-31, or never.")
        create.add_argument("--owner", help="User name; a key dies with its owner.")
        create.add_argument("--model", default="", help="AI model that it stands for.")
        create.add_argument("--rate", type=int, help="Calls per minute over all plugins.")
        _action(actions, "list", "Show all keys, without secrets.")
        rotate = _action(actions, "rotate", "Give a key a new secret.")
        rotate.add_argument("name")
        rotate.add_argument(
            "--overlap", type=span, default=timedelta(0), help="How long the old one still works."
        )
        revoke = _action(actions, "revoke", "End a key at once.")
        revoke.add_argument("name")
        revoke.add_argument("--reason", default="")
        revoke.add_argument("--no-input", action="store_true", help="Do not ask.")

    def run(self, *, action: str, **options: Any) -> None:
        {"create": self._create, "list": self._list, "rotate": self._rotate}.get(
            action, self._revoke
        )(**options)

    def _create(self, *, name: str, **options: Any) -> None:
        if ApiKey.objects.filter(name=name).exists():
            self.fail(f"There is a key named {name!r} already")
        if options["rate"] is not None and options["rate"] < 1:
            self.fail("--rate is at least 1")
        made = access.create_key(
            CLI,
            name,
            scopes=self._scopes(options["scopes"]),
            plugins=[glob.strip() for glob in options["plugins"].split(",") if glob.strip()],
            expires=self._expiry(options["expires"]),
            owner=self._owner(options["owner"]),
            model=options["model"],
            rate_limit=options["rate"],
        )
        self._show_secret(made)

    def _show_secret(self, made: NewKey) -> None:
        self.emit({"success": True, "key": made.secret, **describe(made.key)})
        self.note("Store this key now; it is not shown again.")
        self.say(made.secret)

    def _list(self, **_: Any) -> None:
        keys = [describe(key) for key in ApiKey.objects.select_related("owner")]
        self.emit({"success": True, "count": len(keys), "keys": keys})
        columns = ("name", "prefix", "state", "scopes", "plugins", "last_used", "expires")
        self.table(columns, [[_cell(key[column]) for column in columns] for key in keys])
        if not keys:
            self.note("No keys yet. Make one: python manage.py api_keys create --name NAME")

    def _rotate(self, *, name: str, overlap: timedelta, **_: Any) -> None:
        self._show_secret(access.rotate_key(CLI, self._key(name), overlap=overlap))

    def _revoke(self, *, name: str, reason: str, no_input: bool, **_: Any) -> None:
        key = self._key(name)
        self.confirm(f"Revoke {name!r}? Its callers are refused at once.", ask=not no_input)
        access.revoke_key(CLI, key, reason)
        self.emit({"success": True, "revoked": name})
        self.say(f"{name} revoked")

    def _key(self, name: str) -> ApiKey:
        key = ApiKey.objects.filter(name=name).first()
        if key is None:
            self.fail(f"There is no key named {name!r}")
        if key.revoked:
            self.fail(f"The key {name!r} is revoked already")
        return key

    def _scopes(self, text: str) -> list[Scope]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        if not names or set(names) - set(Scope):
            known = ", ".join(sorted(Scope))
            self.fail(f"Scopes {text!r} are not all known; known: {known}")
        return [Scope(name) for name in names]

    def _expiry(self, text: str) -> datetime | None:
        if text == "never":
            return None
        try:
            if text[:4].isdigit() and "-" in text:
                expires = datetime.fromisoformat(text)
                expires = expires if expires.tzinfo else expires.replace(tzinfo=UTC)
            else:
                expires = timezone.now() + span(text)
        except Exception:
            self.fail(f"--expires {text!r} is not like 90d, 2027-01-31 or never")
        if expires <= timezone.now():
            self.fail(f"--expires {text!r} is in the past")
        return expires

    def _owner(self, username: str | None) -> Any:
        if username is None:
            return None
        owner = get_user_model().objects.filter(username=username).first()
        return owner or self.fail(f"There is no user {username!r}")


def _action(actions: Any, name: str, help_text: str) -> CommandParser:
    parser: CommandParser = actions.add_parser(name, help=help_text)
    parser.add_argument("--json", action="store_true", help="One JSON document on stdout.")
    return parser


def describe(key: ApiKey) -> dict[str, Any]:
    """Everything about a key but its secret, which nobody knows."""
    expired = key.expires is not None and key.expires <= timezone.now()
    return {
        "name": key.name,
        "prefix": key.prefix,
        "state": "revoked" if key.revoked else "expired" if expired else "active",
        "scopes": key.scopes,
        "plugins": key.plugins,
        "owner": key.owner.get_username() if key.owner else None,
        "model": key.model or None,
        "rate_limit": key.rate_limit,
        "expires": key.expires,
        "last_used": key.last_used,
    }


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return ",".join(value)
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value
