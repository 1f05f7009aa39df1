"""What the benchmark of processes reports, for script/benchmark."""

import contextlib

from quantity import Quantity

PYTHON = ("joblib", "Python's joblib")

QUANTITIES = {
    "round_trip": Quantity("A request and its reply, on two cores", "{:.1f} us"),
    "round_trip_one_core": Quantity("The same, on one core", "{:.1f} us"),
    "call": Quantity("A call of one task", "{:.1f} us"),
    "empty": Quantity("100,000 empty tasks, per task", "{:.2f} us"),
    "start": Quantity("Two workers started, and a call", "{:.1f} ms"),
    "tasks_100": Quantity("100 tasks on one array of 100 MB", "{:.0f} ms"),
    "argument": Quantity("An array of 100 MB as argument", "{:.0f} ms"),
    "argument_vector": Quantity("The same, a `std::vector` for the task", "{:.0f} ms"),
    "result": Quantity("An array of 100 MB as result", "{:.0f} ms"),
    "result_vector": Quantity("The same, a `std::vector`", "{:.0f} ms"),
}

CASES = list(QUANTITIES)
FULL_CASES = []

# What the slowest of our forms has to reach: a value, or a factor of the best contender named so.
TARGETS = {
    "round_trip": (1.3, "socketpair"),
    "round_trip_one_core": (1.3, "socketpair"),
    "call": (150, None),
    "empty": (0.3, None),
    "start": (10.7, "posix_spawn"),
    "tasks_100": (1.15, "write(2)"),
    "argument": (1.15, "write(2)"),
    "argument_vector": (1.15, "write(2)"),
    "result": (1.15, "write(2)"),
    "result_vector": (1.15, "write(2)"),
}

GRID_ROWS, GRID_COLUMNS = [], []


def inputs(scale, cases):
    """The programs need nothing but the case."""
    return contextlib.nullcontext([])
