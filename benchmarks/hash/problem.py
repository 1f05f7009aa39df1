"""What the benchmark of hash reports, for script/benchmark."""

import contextlib
import pickle
import tempfile
from pathlib import Path

from quantity import Quantity

PYTHON = ("joblib", "Python's joblib")

CASES = ["array_512MB", "array_16MB", "nested", "small"]
FULL_CASES = []


def rate(title, form, scale):
    return Quantity(title, form, scale, more_is_better=True)


QUANTITIES = {
    "array_512MB_md5": rate("float64 array of 512 MB, md5", "{:,.0f} MB/s", 1e-6),
    "array_512MB_xxh3": rate("float64 array of 512 MB, xxh3", "{:.1f} GB/s", 1e-9),
    "array_16MB_md5": rate("float64 array of 16 MB, md5", "{:,.0f} MB/s", 1e-6),
    "array_16MB_xxh3": rate("float64 array of 16 MB, xxh3", "{:.1f} GB/s", 1e-9),
    "nested_map": Quantity("Nested dict of 100,000 leaves, `std::map`", "{:.1f} ms"),
    "nested_unordered": Quantity("The same, `std::unordered_map`", "{:.1f} ms"),
    "nested_object": Quantity("The same, `Object`", "{:.1f} ms"),
    "small_int": Quantity("An int", "{:.2f} us"),
    "small_str": Quantity("A str of nine letters", "{:.2f} us"),
    "small_array": Quantity("An array of one element", "{:.2f} us"),
    "small_struct": Quantity("A struct of three members", "{:.2f} us"),
}

# What the slowest of our forms has to reach: a factor of the best contender named so.
TARGETS = {
    "array_512MB_md5": (0.98, "openssl"),
    "array_512MB_xxh3": (0.7, "xxhash"),
    "array_16MB_md5": (0.98, "openssl"),
    "array_16MB_xxh3": (0.7, "xxhash"),
    "nested_map": (0.057, "joblib"),
    "nested_unordered": (0.057, "joblib"),
    "nested_object": (0.057, "joblib"),
    "small_int": (0.15, "joblib"),
    "small_array": (0.067, "joblib"),
}

GRID_ROWS, GRID_COLUMNS = [], []


@contextlib.contextmanager
def inputs(scale, cases):
    """A folder with the nested dict in nested.pkl, and the factor for the sizes of arrays."""
    nested = {f"group {i}": {f"key {j}": i * j / 8 for j in range(100)} for i in range(1000)}
    with tempfile.TemporaryDirectory(prefix="joblib-benchmark-") as name:
        (Path(name) / "nested.pkl").write_bytes(pickle.dumps(nested, protocol=4))
        yield [name, str(scale)]
