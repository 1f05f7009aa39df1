"""The cases of cases.hpp with Python's joblib.

usage: joblib_python.py CASE FOLDER LARGE_FOLDER SCALE
"""

import itertools
import os
import sys
from pathlib import Path

import joblib
import numpy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from measure import report, time_long_calls


def successor(x):
    return x + 1


def same(values):
    return values


def small(memory):
    cached = memory.cache(successor)
    for i in range(100):
        cached(-i)
    numbers = itertools.count(1)

    def time_calls(call):
        samples, _ = time_long_calls(lambda: None, lambda: [call() for _ in range(100)])
        return [s * 1e6 / 100 for s in samples]

    hits = time_calls(lambda: cached(-5))
    report("small_hit", "joblib", hits)
    report("small_ram_hit", "joblib, from files", hits)
    report("small_miss", "joblib", time_calls(lambda: cached(next(numbers))))


def array(case, folder, scale):
    megabytes = float(case.removeprefix("array_").removesuffix("MB")) * scale
    values = numpy.arange(int(megabytes * 1e6) // 8, dtype=float)
    for quantity, mode in [("hit", None), ("mapped", "r")]:
        if quantity == "mapped" and case != "array_100MB":
            continue
        cached = joblib.Memory(folder / quantity, mmap_mode=mode, verbose=0).cache(same)
        cached(values)
        samples, _ = time_long_calls(lambda: None, lambda: cached(values))
        report(f"{case}_{quantity}", "joblib", [s * 1e3 for s in samples])


def main(case, folder, scale):
    if case == "small":
        small(joblib.Memory(folder / str(os.getpid()), verbose=0))
    elif case.startswith("array"):
        array(case, folder, scale)


if __name__ == "__main__":
    # joblib keeps results of functions of __main__ by the name of their file.
    main(sys.argv[1], Path(sys.argv[2]) / "joblib", float(sys.argv[4]))
