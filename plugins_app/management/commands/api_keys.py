from __future__ import annotations

from argparse import SUPPRESS, ArgumentTypeError
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import CommandParser
from django.utils import timezone

from plugins_app.core.caller import Scope
from plugins_app.management.command import ZantaraCommand
from plugins_app.management.durations import positive, span
from plugins_app.models import ApiKey
from plugins_app.services import keys
from plugins_app.services.addresses import network_of
from plugins_app.services.audit import CLI
from plugins_app.services.keys import NewKey, describe_key

_DEFAULT_EXPIRY = "90d"
_LONGEST_NAME = 100
_SWITCHES = {
    "disable": "Refuse a key until it is enabled again.",
    "enable": "Let a disabled key work again.",
}


class Command(ZantaraCommand):
    help = "Create, list, rotate, disable, enable and revoke API keys."

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
        create.add_argument(
            "--networks",
            default="",
            help="Only from these, with commas: '203.0.113.7,10.2.0.0/16'.",
        )
        create.add_argument("--rate", type=positive, help="Calls per minute over all plugins.")
        _action(actions, "list", "Show all keys, without secrets.")
        rotate = _action(actions, "rotate", "Give a key a new secret.")
        rotate.add_argument("name")
        rotate.add_argument(
            "--overlap", type=span, default=timedelta(0), help="How long the old one still works."
        )
        for action, about in _SWITCHES.items():
            switch = _action(actions, action, about)
            switch.add_argument("name")
            switch.add_argument("--reason", default="")
        revoke = _action(actions, "revoke", "End a key at once.")
        revoke.add_argument("name")
        revoke.add_argument("--reason", default="")
        revoke.add_argument("--no-input", action="store_true", help="Do not ask.")

    def run(self, *, action: str, **options: Any) -> None:
        if action in _SWITCHES:
            self._switch(action, **options)
        else:
            getattr(self, f"_{action}")(**options)

    def _create(self, *, name: str, dry_run: bool, **options: Any) -> None:
        wanted = {
            "scopes": self._scopes(options["scopes"]),
            "plugins": self._globs(options["plugins"]),
            "expires": self._expiry(options["expires"]),
            "owner": self._owner(options["owner"]),
            "model": options["model"],
            "rate_limit": options["rate"],
            "networks": self._networks(options["networks"]),
        }
        self._check_name(name)
        if dry_run:
            self._would("created", name)
        else:
            self._show_secret(keys.create_key(CLI, name, **wanted))

    def _check_name(self, name: str) -> None:
        if ApiKey.objects.filter(name=name).exists():
            self.fail(f"There is a key named {name!r} already")
        if not 0 < len(name.strip()) <= _LONGEST_NAME:
            self.fail(f"A key's name has 1 to {_LONGEST_NAME} characters")

    def _would(self, done: str, name: str) -> None:
        self.say(f"{name} would be {done}")
        self.emit({"success": True, "dry_run": True, "name": name})

    def _show_secret(self, made: NewKey) -> None:
        self.emit({"success": True, "key": made.secret, **describe_key(made.key)})
        self.note("Store this key now; it is not shown again.")
        self.say(made.secret)

    def _list(self, **_: Any) -> None:
        rows = [describe_key(key) for key in ApiKey.objects.select_related("owner")]
        self.emit({"success": True, "count": len(rows), "keys": rows})
        columns = ("name", "prefix", "state", "scopes", "plugins", "last_used", "expires")
        self.table(columns, [[key[column] for column in columns] for key in rows])
        if not rows:
            self.note("No keys yet. Make one: python manage.py api_keys create --name NAME")

    def _rotate(self, *, name: str, overlap: timedelta, dry_run: bool, **_: Any) -> None:
        key = self._key(name)
        if dry_run:
            self._would("rotated", name)
        else:
            self._show_secret(keys.rotate_key(CLI, key, overlap=overlap))

    def _switch(self, action: str, *, name: str, reason: str, dry_run: bool, **_: Any) -> None:
        key, done = self._key(name), f"{action}d"
        if dry_run:
            self._would(done, name)
            return
        switch = keys.disable_key if action == "disable" else keys.enable_key
        changed = switch(CLI, key, reason)
        self.emit({"success": True, "name": name, done: changed})
        self.say(f"{name} {done}" if changed else f"{name} was {done} already")

    def _revoke(self, *, name: str, reason: str, no_input: bool, dry_run: bool, **_: Any) -> None:
        key = self._key(name)
        if dry_run:
            self._would("revoked", name)
            return
        self.confirm(f"Revoke {name!r}? Its callers are refused at once.", ask=not no_input)
        keys.revoke_key(CLI, key, reason)
        self.emit({"success": True, "revoked": name})
        self.say(f"{name} revoked")

    def _globs(self, text: str) -> list[str]:
        globs = [glob.strip() for glob in text.split(",") if glob.strip()]
        return globs or self.fail("--plugins names none; all are '*'")

    def _networks(self, text: str) -> list[str]:
        try:
            return [network_of(each.strip()) for each in text.split(",") if each.strip()]
        except ValueError as error:
            self.fail(f"--networks: {error}")

    def _key(self, name: str) -> ApiKey:
        key = ApiKey.objects.filter(name=name).first()
        if key is None:
            self.fail(f"There is no key named {name!r}")
        if key.revoked:
            self.fail(f"The key {name!r} is revoked already")
        return key

    def _scopes(self, text: str) -> list[Scope]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        if unknown := sorted(set(names) - set(Scope)):
            known = ", ".join(sorted(Scope))
            self.fail(f"Unknown scope {', '.join(unknown)}; known: {known}")
        if not names:
            self.fail("--scopes names none")
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
        except (ValueError, ArgumentTypeError):
            self.fail(f"--expires {text!r} is not like 90d, 2027-01-31 or never")
        if expires <= timezone.now():
            self.fail(f"--expires {text!r} is in the past")
        return expires

    def _owner(self, username: str | None) -> Any:
        if username is None:
            return None
        owner = get_user_model().objects.filter(username=username, is_active=True).first()
        return owner or self.fail(f"There is no active user {username!r}")


def _action(actions: Any, name: str, help_text: str) -> CommandParser:
    """Shared flags are taken before the action and after it."""
    parser: CommandParser = actions.add_parser(name, help=help_text, description=help_text)
    shared: dict[str, Any] = {"default": SUPPRESS}
    parser.add_argument("--json", action="store_true", help="One JSON document.", **shared)
    parser.add_argument("-v", "--verbosity", type=int, choices=[0, 1, 2, 3], **shared)
    if name != "list":
        parser.add_argument("--dry-run", action="store_true", help="Only say what would happen.")
    return parser
