"""Run all benchmarks, or those that are named, and write docs/benchmarks.md:

python -m benchmarks [name ...]
"""

from __future__ import annotations

import sys
from types import ModuleType

from benchmarks import (
    discovery,
    execute,
    inprocess,
    isolation,
    journal,
    queries,
    report,
    staircase,
)

SECTIONS: dict[str, ModuleType] = {
    each.NAME: each
    for each in (inprocess, staircase, journal, execute, isolation, discovery, queries)
}


def main(names: list[str]) -> None:
    if unknown := set(names) - SECTIONS.keys():
        sys.exit(f"No benchmark is named {', '.join(sorted(unknown))}: {', '.join(SECTIONS)}")
    for name in names or SECTIONS:
        section = SECTIONS[name].run()
        print(section, flush=True)
        report.write([section], list(SECTIONS))


if __name__ == "__main__":
    main(sys.argv[1:])
