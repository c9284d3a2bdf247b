"""Everything between a fresh clone and a running marketplace; what `make run` calls."""

from __future__ import annotations

import os
import socket
import sys
from secrets import token_urlsafe
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError, CommandParser, call_command

from plugins_app.runtime.engine import close_engine
from plugins_app.services import migrations, people, sync
from plugins_app.services.audit import CLI

ADMIN_NAME = "admin"
DRAIN_SECONDS = 30


class Command(BaseCommand):
    help = "Prepare the database, the plugins, the static files and an administrator, then serve."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        check_port(host, port)
        self._step("Database", self._migrate)
        self._step("Static files", self._collect)
        self._step("Plugins", self._discover)
        self._step("Administrator", self._administrator)
        self._say_where(port)
        serve(host, port)

    def _step(self, name: str, work: Any) -> None:
        self.stdout.write(f"{name:<14} ", ending="")
        self.stdout.flush()
        self.stdout.write(work())

    def _migrate(self) -> str:
        with migrations.on_record(CLI):
            call_command("migrate", verbosity=0, interactive=False)
        return "migrated"

    def _collect(self) -> str:
        call_command("collectstatic", verbosity=0, interactive=False)
        return "collected"

    def _discover(self) -> str:
        report = sync.discover(CLI)
        close_engine()
        failed = [f"{failure.message} ({failure.location})" for failure in report.failures]
        return "\n".join([f"{len(report.versions)} loaded, {len(failed)} failed", *failed])

    def _administrator(self) -> str:
        users = get_user_model().objects
        if users.filter(is_superuser=True).exists():
            return "exists (a new password: manage.py changepassword admin)"
        password = token_urlsafe(12)
        with people.on_record(CLI):
            users.create_superuser(ADMIN_NAME, password=password)
        return f"{ADMIN_NAME} / {password}   (shown this once)"

    def _say_where(self, port: int) -> None:
        base = f"http://localhost:{port}"
        self.stdout.write(
            f"\nMarketplace    {base}/admin/plugins/\n"
            f"Try            curl {base}/api/plugins/list\n"
            f"Serving        {base}/   (Ctrl+C stops)\n"
        )
        self.stdout.flush()


def check_port(host: str, port: int) -> None:
    """Before any work is done: a taken port is the commonest reason to fail at its end."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            raise CommandError(
                f"Port {port} is taken or not allowed ({error.strerror}). "
                f"Choose another: make run PORT={port + 123}"
            ) from None


def serve(host: str, port: int) -> None:
    """Become the server. Proxy headers are off: the application decides whom it trusts."""
    arguments = {
        "--host": host,
        "--port": str(port),
        "--timeout-graceful-shutdown": str(DRAIN_SECONDS),
        "--log-level": "warning",
    }
    flat = [part for pair in arguments.items() for part in pair]
    command = [sys.executable, "-m", "uvicorn", "zantara.asgi:application", *flat]
    os.execv(sys.executable, [*command, "--no-proxy-headers", "--no-server-header"])  # noqa: S606
