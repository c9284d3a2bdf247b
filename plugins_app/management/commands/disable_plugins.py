from __future__ import annotations

from plugins_app.management.switching import SwitchCommand
from plugins_app.services import lifecycle


class Command(SwitchCommand):
    help = "Refuse new calls of plugins; calls in flight finish."
    verb, done, switch = "disable", "disabled", staticmethod(lifecycle.disable)
    enabled = False
