from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """`memory`: MiB of address space for each worker and each of its children, 0 for no limit.
    `keep`: whether workers wait for the next call, or end with theirs. `environment`: variables
    that workers see; None for those of this process."""

    workers: int = 2
    memory: int = 1024
    max_calls: int = 500
    keep: bool = True
    environment: Mapping[str, str] | None = None
