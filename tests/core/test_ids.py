from __future__ import annotations

import subprocess
import sys
import time

from ulid import ULID

from plugins_app.core.ids import new_id


def test_an_id_is_a_ulid_of_the_moment() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000

    read = ULID.from_str(made)
    assert str(read) == made
    assert before <= read.milliseconds <= after


def test_ids_of_one_moment_differ_in_all_their_random_bits() -> None:
    made = [int.from_bytes(ULID.from_str(new_id()).bytes[6:]) for _ in range(200)]

    ever_set = ever_clear = 0
    for random in made:
        ever_set |= random
        ever_clear |= ~random
    assert ever_set == 2**80 - 1
    assert ever_clear & (2**80 - 1) == 2**80 - 1


FORKING = """
import os
from plugins_app.core.ids import random_bytes

random_bytes(1)
if not os.fork():
    os.write(1, random_bytes(16))
    os._exit(0)
os.wait()
os.write(1, random_bytes(16))
"""


def test_after_a_fork_both_processes_give_names_of_their_own() -> None:
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, check=True)

    assert len(done.stdout) == 32
    assert done.stdout[:16] != done.stdout[16:]
