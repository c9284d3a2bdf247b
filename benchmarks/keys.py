"""Make API keys in the database of the settings and print their secrets, and let the pricing plugin
be called as often as the others: python -m benchmarks.keys 100"""

from __future__ import annotations

import sys

import django


def main(amount: int) -> None:
    django.setup()
    from benchmarks.bench_plugins.bench.echo import CALLS_PER_MINUTE
    from plugins_app.core.caller import Scope
    from plugins_app.runtime.engine import close_engine
    from plugins_app.services import overrides
    from plugins_app.services.audit import CLI
    from plugins_app.services.keys import create_key

    for number in range(amount):
        made = create_key(CLI, f"benchmark {number}", scopes=[Scope.LIST, Scope.EXECUTE])
        print(made.secret)
    overrides.set_overrides("bali_zero.pricing", {"rate_limit": CALLS_PER_MINUTE}, CLI)
    close_engine()


if __name__ == "__main__":
    main(int(sys.argv[1]))
