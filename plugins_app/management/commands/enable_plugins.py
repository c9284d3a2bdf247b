from __future__ import annotations

from plugins_app.management.switching import SwitchCommand
from plugins_app.services import lifecycle


class Command(SwitchCommand):
    help = "Let callers execute plugins."
    verb, done, switch = "enable", "enabled", staticmethod(lifecycle.enable)
    enabled = True
