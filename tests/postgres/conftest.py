"""What is about PostgreSQL as the database of the tests themselves is collected in the run that
has it: `make test` makes one with SQLite, and one with PostgreSQL."""

from __future__ import annotations

import os

if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
    collect_ignore = ["test_partitions.py"]
