"""What the benchmark of Memory reports, for script/benchmark."""

import contextlib
import tempfile
from pathlib import Path

from quantity import Quantity

PYTHON = ("joblib", "Python's joblib")

CASES = ["small", "array_1MB", "array_100MB"]
FULL_CASES = ["many"]

QUANTITIES = {
    "small_hit": Quantity("Hit, `int f(int)`", "{:.1f} us"),
    "small_scaling": Quantity("Hits by two processes, of those by one", "{:.2f}", more_is_better=True),
    "small_ram_hit": Quantity('The same with backend `"memory"`', "{:.2f} us"),
    "small_miss": Quantity("Miss, `int f(int)`", "{:.0f} us"),
    "array_1MB_hit": Quantity("Hit, array of 1 MB in and out", "{:.2f} ms"),
    "array_100MB_hit": Quantity("Hit, array of 100 MB in and out", "{:.0f} ms"),
    "array_100MB_mapped": Quantity("The same, mapped", "{:.0f} ms"),
    "array_100MB_hashed": Quantity("The same, mapped, its argument `hashed`", "{:.2f} ms"),
    "many_hot": Quantity("Hit of 1,000 results among 1,000,000", "{:.1f} us"),
    "many_random": Quantity("Hit among 1,000,000 results in random order", "{:.1f} us"),
}

# What the slowest of our forms has to reach: a factor of the best contender named so.
TARGETS = {
    "small_hit": (0.196, "joblib"),
    "small_ram_hit": (0.0196, "joblib"),
    "small_scaling": (0.95, "system"),
    "small_miss": (1.25, "system"),
    "array_1MB_hit": (1.05, "system"),
    "array_100MB_hit": (1.05, "system"),
    "array_100MB_mapped": (1.05, "system"),
    "many_hot": (1.3, "1,000 results"),
}

GRID_ROWS, GRID_COLUMNS = [], []


@contextlib.contextmanager
def inputs(scale, cases):
    """A folder, in memory where possible; one for millions of files; the factor for sizes of arrays
    and the number of results."""
    shared_memory = Path("/dev/shm")
    parent = shared_memory if shared_memory.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="joblib-benchmark-", dir=parent) as name:
        with tempfile.TemporaryDirectory(prefix="joblib-benchmark-") as large:
            yield [name, large, str(scale)]
