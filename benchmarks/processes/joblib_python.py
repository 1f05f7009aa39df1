"""The cases of cases.hpp with Python's joblib and its loky.

usage: joblib_python.py CASE
"""

import os
import sys
from pathlib import Path

import numpy
from joblib import Parallel, delayed
from joblib.externals.loky import BrokenProcessPool, get_reusable_executor

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from measure import report, time_long_calls

EMPTY_TASKS = 100_000
LARGE = 100_000_000


def same(i):
    return i


def main(case):
    parallel = Parallel(n_jobs=2)

    def time(call, items, factor, prepare=lambda: None, contender="joblib"):
        call()  # starts the workers
        samples, _ = time_long_calls(prepare, call)
        report(case, contender, [s * factor / items for s in samples])

    def shut_down():
        get_reusable_executor().shutdown(kill_workers=True)

    if case in ("round_trip", "round_trip_one_core"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[:1])
        core_of_worker = cores[1] if case == "round_trip" else cores[0]
        executor = get_reusable_executor(max_workers=2, initializer=os.sched_setaffinity, initargs=(0, {core_of_worker}))

        def round_trips():
            for i in range(100):
                executor.submit(same, i).result()

        time(round_trips, 100, 1e6, contender="loky's executor")
    elif case == "call":
        time(lambda: [parallel([delayed(same)(1)]) for _ in range(20)], 20, 1e6)
    elif case == "empty":
        time(lambda: parallel(delayed(same)(i) for i in range(EMPTY_TASKS)), EMPTY_TASKS, 1e6)
    elif case == "start":
        time(lambda: parallel(delayed(same)(i) for i in range(2)), 1, 1e3, prepare=shut_down)
    elif case in ("tasks_100", "argument"):
        values = numpy.ones(LARGE // 8)
        tasks = 100 if case == "tasks_100" else 1
        for attempt in range(20):
            try:
                time(lambda: parallel(delayed(len)(values) for _ in range(tasks)), 1, 1e3)
                break
            except BrokenProcessPool:  # it sometimes removes the file of the array too early
                if attempt == 19:
                    raise
    elif case == "result":
        time(lambda: parallel([delayed(numpy.ones)(LARGE // 8)]), 1, 1e3)


if __name__ == "__main__":
    main(sys.argv[1])
