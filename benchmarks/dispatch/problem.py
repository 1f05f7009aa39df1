"""What the benchmark of dispatch reports, for script/benchmark."""

import contextlib

from quantity import Quantity

PYTHON = ("joblib threading", "Python's joblib, threading")

QUANTITIES = {
    "map_empty": Quantity("`map` of an empty function, per element", "{:.3f} ns"),
    "map_square": Quantity("`map` of x*x to a new vector, per element", "{:.3f} ns"),
    "tasks": Quantity("100,000 tasks with collected results, per task", "{:.1f} ns"),
    "efficiency_100us": Quantity(
        "2,000 tasks of 100 us, efficiency", "{:.1%}", more_is_better=True
    ),
    "efficiency_100us_of_limit": Quantity(
        "2,000 tasks of 100 us, relative to two plain threads", "{:.1%}", more_is_better=True
    ),
    "efficiency_10ms": Quantity("40 tasks of 10 ms, efficiency", "{:.1%}", more_is_better=True),
    "efficiency_10ms_of_limit": Quantity(
        "40 tasks of 10 ms, relative to two plain threads", "{:.1%}", more_is_better=True
    ),
    "call_warm": Quantity("A call of two tasks", "{:.2f} us"),
    "call_after_pause": Quantity("A call of two tasks after a pause of 1 ms", "{:.2f} us"),
    "lazy_1e7": Quantity("1e7 lazy tasks, results read in order, per task", "{:.1f} ns"),
    "lazy_1e7_growth": Quantity("1e7 lazy tasks, growth of peak memory", "{:.2f} MiB", 2**-20),
    "lazy_1e8": Quantity("1e8 lazy tasks, results read in order, per task", "{:.1f} ns"),
    "lazy_1e8_growth": Quantity("1e8 lazy tasks, growth of peak memory", "{:.2f} MiB", 2**-20),
}

CASES = [
    "map_empty",
    "map_square",
    "tasks",
    "efficiency_100us",
    "efficiency_10ms",
    "call_warm",
    "call_after_pause",
    "lazy_1e7",
]

FULL_CASES = ["lazy_1e8"]  # for minutes

# What the slowest of our forms has to reach: a value, or a factor of the best contender named so.
TARGETS = {
    "map_empty": (1.2, "tbb parallel_for"),
    "tasks": (1, "tbb task_group"),
    "efficiency_100us": (0.97, None),
    "efficiency_10ms": (0.97, None),
    "call_warm": (50, None),
    "lazy_1e7_growth": (8 * 2**20, None),
    "lazy_1e8_growth": (8 * 2**20, None),
}

GRID_ROWS, GRID_COLUMNS = [], []


def inputs(scale, cases):
    """The programs need nothing but the case."""
    return contextlib.nullcontext([])
