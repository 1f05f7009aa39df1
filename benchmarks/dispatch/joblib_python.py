"""The cases of cases.hpp with Python's joblib, fewer tasks where it needs more time for each.

usage: joblib_python.py CASE
"""

import hashlib
import sys
import threading
import time
from pathlib import Path

from joblib import Parallel, delayed

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from measure import report

N_JOBS = 2


def nothing(i):
    pass


def square(x):
    return x * x


def echo(i):
    return i


def busy(seed, steps):
    """Releases the interpreter lock, so that threads can show what they are able to."""
    return hashlib.pbkdf2_hmac("sha256", seed.to_bytes(4, "little"), b"", steps)


def time_call(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def tasks(case, contender, parallel, function, n):
    """ns per task."""
    samples = []
    for repetition in range(-1, 5):
        seconds, results = time_call(lambda: parallel(delayed(function)(i) for i in range(n)))
        assert results == [function(i) for i in range(n)]
        if repetition >= 0:
            samples.append(seconds * 1e9 / n)
    report(case, contender, samples)


def efficiency(case, contender, parallel, n, task_seconds):
    trial = 100_000
    seconds, _ = time_call(lambda: busy(0, trial))
    steps = round(task_seconds / seconds * trial)

    def run(first, last):
        return [busy(i, steps) for i in range(first, last)]

    def two_threads():
        other = threading.Thread(target=run, args=(0, n // 2))
        other.start()
        run(n // 2, n)
        other.join()

    efficiencies, limits, ratios = [], [], []
    for repetition in range(-1, 5):
        before, expected = time_call(lambda: run(0, n))
        limit, _ = time_call(two_threads)
        wall, results = time_call(lambda: parallel(delayed(busy)(i, steps) for i in range(n)))
        after, _ = time_call(lambda: run(0, n))
        assert results == expected
        if repetition >= 0:
            efficiencies.append((before + after) / 2 / (2 * wall))
            limits.append((before + after) / 2 / (2 * limit))
            ratios.append(limit / wall)
    report(case, contender, efficiencies)
    report(case + "_limit", contender, limits)
    report(case + "_of_limit", contender, ratios)


def two_tasks(case, contender, parallel, pause):
    """us per call."""
    samples = []
    for repetition in range(-5, 100):
        time.sleep(pause)
        seconds, results = time_call(lambda: parallel(delayed(echo)(i) for i in range(2)))
        assert results == [0, 1]
        if repetition >= 0:
            samples.append(seconds * 1e6)
    report(case, contender, samples)


def main(case):
    for backend in "threading", "loky":
        contender = f"joblib {backend}"
        with Parallel(n_jobs=N_JOBS, backend=backend) as parallel:
            if case == "map_empty":
                tasks(case, contender, parallel, nothing, 20_000)
            elif case == "map_square":
                tasks(case, contender, parallel, square, 20_000)
            elif case == "tasks":
                tasks(case, contender, parallel, echo, 20_000)
            elif case == "efficiency_100us":
                efficiency(case, contender, parallel, 2000, 100e-6)
            elif case == "efficiency_10ms":
                efficiency(case, contender, parallel, 40, 10e-3)
            elif case == "call_warm":
                two_tasks(case, contender, parallel, 0)
            elif case == "call_after_pause":
                two_tasks(case, contender, parallel, 1e-3)


if __name__ == "__main__":
    main(sys.argv[1])
