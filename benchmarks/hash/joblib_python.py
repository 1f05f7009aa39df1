"""The cases of cases.hpp with Python's joblib, whose digests joblib-cpp must have found, too.

usage: joblib_python.py CASE FOLDER SCALE
"""

import pickle
import sys
from pathlib import Path

import joblib
import numpy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from measure import report, time_long_calls


def time_hashes(folder, quantity, value, calls=1):
    """Seconds of each row of so many calls."""

    def call():
        for _ in range(calls):
            digest = joblib.hash(value)
        return digest

    samples, digest = time_long_calls(lambda: None, call)
    assert digest == (folder / f"{quantity}.joblib-cpp").read_text()
    return samples


def array(case, folder, scale):
    megabytes = float(case.removeprefix("array_").removesuffix("MB")) * scale
    values = numpy.arange(int(megabytes * 1e6) // 8, dtype=float)
    samples = time_hashes(folder, f"{case}_md5", values)
    report(f"{case}_md5", "joblib", [values.nbytes / s for s in samples])


def nested(folder):
    with open(folder / "nested.pkl", "rb") as file:
        value = pickle.load(file)
    for form in "map", "unordered", "object":
        quantity = f"nested_{form}"
        report(quantity, "joblib", [s * 1e3 for s in time_hashes(folder, quantity, value)])


def small(folder):
    values = {
        "int": 1,
        "str": "some text",
        "array": numpy.ones(1),
        "struct": {"id": 1, "value": 0.5, "name": "record"},
    }
    calls = 1000
    for name, value in values.items():
        samples = time_hashes(folder, f"small_{name}", value, calls)
        report(f"small_{name}", "joblib", [s * 1e6 / calls for s in samples])


def main(case, folder, scale):
    if case == "nested":
        nested(folder)
    elif case == "small":
        small(folder)
    else:
        array(case, folder, scale)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
