"""The cases of cases.hpp with Python's joblib.

usage: joblib_python.py CASE FOLDER SCALE
"""

import itertools
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

    def report_calls(quantity, call):
        samples, _ = time_long_calls(lambda: None, lambda: [call() for _ in range(100)])
        report(f"small_{quantity}", "joblib", [s * 1e6 / 100 for s in samples])

    report_calls("hit", lambda: cached(-5))
    report_calls("miss", lambda: cached(next(numbers)))


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
        small(joblib.Memory(folder, verbose=0))
    elif case.startswith("array"):
        array(case, folder, scale)


if __name__ == "__main__":
    # joblib keeps results of functions of __main__ by the name of their file.
    main(sys.argv[1], Path(sys.argv[2]) / "joblib", float(sys.argv[3]))
