"""measure.hpp for the contenders in Python."""

import statistics
import time


def time_long_calls(prepare, call):
    """As bench::time_long_calls; also returns the last result. Earlier ones are freed untimed."""
    samples = []
    result = None
    while sum(samples) < 0.5:
        result = None
        prepare()
        start = time.perf_counter()
        result = call()
        samples.append(time.perf_counter() - start)
    return samples[1:] or samples, result


def report(quantity, contender, samples):
    values = statistics.median(samples), min(samples), max(samples)
    print(quantity, contender, *values, sep="\t", flush=True)
