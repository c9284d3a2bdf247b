"""Make API keys in the database of the settings, and print their secrets: python -m
benchmarks.keys 1000"""

from __future__ import annotations

import sys

import django


def main(amount: int) -> None:
    django.setup()
    from plugins_app.core.caller import Scope
    from plugins_app.services.audit import CLI
    from plugins_app.services.keys import create_key

    for number in range(amount):
        made = create_key(CLI, f"benchmark {number}", scopes=[Scope.LIST, Scope.EXECUTE])
        print(made.secret)


if __name__ == "__main__":
    main(int(sys.argv[1]))
