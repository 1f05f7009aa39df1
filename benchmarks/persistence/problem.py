"""What the benchmark of persistence reports, for script/benchmark."""

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path

from quantity import Quantity

PYTHON = ("joblib", "Python's joblib")


def compressed(names, levels):
    return [
        f"{name}_{level}_{data}"
        for name in names
        for level in levels
        for data in ("random", "compressible")
    ]


DEFLATE = ["zlib", "gzip"]
CASES = ["array", "records", *compressed([*DEFLATE, "bz2", "xz", "zstd", "lz4"], [3])]
FULL_CASES = compressed(["gzip"], [1, 6, 9])  # those of zlib are as fast


def rate(title, unit="MB/s", form="{:,.1f}"):
    scale = 1e-9 if unit == "GB/s" else 1e-6
    return Quantity(title, f"{form} {unit}".strip(), scale, more_is_better=True)


def memory(title):
    return Quantity(title, "{:.1f} MB", 1e-6)


QUANTITIES = {
    "array_dump": rate("float64 array, dump", "GB/s", "{:.2f}"),
    "array_load": rate("float64 array, load", "GB/s", "{:.2f}"),
    "array_load_vector": rate("float64 array, load into `std::vector`", "GB/s", "{:.2f}"),
    "array_map": Quantity("float64 array, mapped load", "{:.1f} us"),
    "array_memory": memory("float64 array, dump, peak memory beyond it"),
    "records_dump": Quantity("A million small items in structs, dump", "{:.1f} ms"),
    "records_load": Quantity("A million small items in structs, load", "{:.1f} ms"),
    "records_dump_any": Quantity("A million small items of any type, dump", "{:.1f} ms"),
    "records_load_any": Quantity("A million small items of any type, load", "{:.1f} ms"),
}

# What the slowest of our forms has to reach: a value, or a factor of the best contender named so.
TARGETS = {
    "array_dump": (1, "numpy save"),
    "array_load": (1, "numpy load"),
    "array_map": (60, None),
    "array_memory": (4e6, None),
    "records_dump": (25, None),
    "records_load": (40, None),
    "records_load_any": (90, None),
}
# 1 GB/s, on a machine where pigz -3 with two threads has 81 or 184 MB/s.
GIGABYTE_BY_PIGZ = {"random": 12.3, "compressible": 5.43}
RIVALS = {"zlib": "pigz", "gzip": "pigz", "bz2": "lbzip2", "xz": "xz"}


def add_compressed(case):
    name, level, data = case.split("_")
    title = f"{name} level {level}, {data}"
    for threads in (1, 2) if name != "lz4" else (1,):
        for verb in "dump", "load":
            key = f"{case}_{verb}_{threads}"
            QUANTITIES[key] = rate(f"{title}, {verb}, threads: {threads}")
            if name in RIVALS:
                TARGETS[key] = (1, RIVALS[name])
    if name in DEFLATE:
        del QUANTITIES[f"{case}_load_2"]  # one stream
        TARGETS[f"{case}_load_1"] = (1, "libdeflate")
    if level == "3":
        QUANTITIES[f"{case}_size"] = Quantity(f"{title}, size", "{:.1%}")
        QUANTITIES[f"{case}_memory"] = memory(f"{title}, dump, peak memory beyond it")
        TARGETS[f"{case}_memory"] = (1, "liblzma") if name == "xz" else (32e6, None)
        if name in DEFLATE:
            TARGETS[f"{case}_size"] = (1, "zlib")
            TARGETS[f"{case}_dump_2"] = (GIGABYTE_BY_PIGZ[data], "pigz")


for case in CASES + FULL_CASES:
    if "_" in case:
        add_compressed(case)

GRID_ROWS = [
    case.removesuffix("_random") for case in CASES + FULL_CASES if case.endswith("_random")
]
GRID_COLUMNS = []
for data in "random", "compressible":
    GRID_COLUMNS += [
        (rate(f"{data}: dump, MB/s", ""), [f"_{data}_dump_1", f"_{data}_dump_2"]),
        (rate("load, MB/s", ""), [f"_{data}_load_1", f"_{data}_load_2"]),
        (Quantity("size", "{:.1%}"), [f"_{data}_size"]),
        (Quantity("memory, MB", "{:.1f}", 1e-6), [f"_{data}_memory"]),
    ]


@contextlib.contextmanager
def inputs(scale, cases):
    """A folder, in memory where possible, with the float64 values of each case in CASE.values."""
    shared_memory = Path("/dev/shm")
    parent = shared_memory if shared_memory.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="joblib-benchmark-", dir=parent) as name:
        folder = Path(name)
        for case in cases:
            if case == "records":
                continue
            slow = case.startswith(("bz2", "xz")) or "_9_" in case
            megabytes = 1000 if case == "array" else 48 if slow else 128
            data = "compressible" if case.endswith("_compressible") else "random"
            source = folder / f"{data}.{megabytes}"
            if not source.exists():
                write_values(source, data, round(megabytes * 1e6 * scale) // 8)
            os.link(source, folder / f"{case}.values")
        yield [name]


def write_values(path, data, count):
    """Uniformly distributed values, or normally distributed ones rounded to two decimals."""
    values = {"random": f"random({count})", "compressible": f"normal(size={count}).round(2)"}[data]
    code = f"import numpy; numpy.random.default_rng(0).{values}.tofile({str(path)!r})"
    subprocess.run(["/usr/bin/python3", "-I", "-c", code], check=True)
