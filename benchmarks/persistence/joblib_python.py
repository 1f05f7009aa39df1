"""The cases of cases.hpp with Python's joblib, numpy, pickle and zlib.

usage: joblib_python.py CASE FOLDER
"""

import pickle
import sys
import zlib
from pathlib import Path

import joblib
import numpy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from measure import report, time_long_calls


def memory_status(key):
    for line in open("/proc/self/status"):
        if line.startswith(key):
            return int(line.split()[1]) * 1024


class Array:
    """Measures what writes the values of a case to a file and reads them back."""

    def __init__(self, case, path, values):
        self.case, self.path, self.values = case, path, values

    def dump(self, quantity, contender, call):
        """Bytes per second, and by how many bytes the peak of resident memory grew."""
        Path("/proc/self/clear_refs").write_text("5")
        before = memory_status("VmRSS:")
        seconds, _ = time_long_calls(lambda: self.path.unlink(missing_ok=True), call)
        report(f"{self.case}_memory", contender, [memory_status("VmHWM:") - before])
        report(quantity, contender, [self.values.nbytes / s for s in seconds])

    def load(self, quantity, contender, call):
        call()  # a virtual machine gets its memory now
        seconds, loaded = time_long_calls(lambda: None, call)
        assert numpy.array_equal(loaded, self.values)
        report(quantity, contender, [self.values.nbytes / s for s in seconds])

    def map(self, quantity, contender, call):
        """us per call."""
        seconds, mapped = time_long_calls(lambda: None, call)
        assert numpy.array_equal(mapped, self.values)
        report(quantity, contender, [s * 1e6 for s in seconds])


def array(values, folder):
    path = folder / "array.npy"  # the ending that numpy.save adds
    array = Array("array", path, values)
    array.dump("array_dump", "numpy tofile", lambda: values.tofile(path))
    array.load("array_load", "numpy fromfile", lambda: numpy.fromfile(path))
    array.dump("array_dump", "numpy save", lambda: numpy.save(path, values))
    array.load("array_load", "numpy load", lambda: numpy.load(path))
    array.map("array_map", "numpy load", lambda: numpy.load(path, mmap_mode="r"))
    array.dump("array_dump", "joblib", lambda: joblib.dump(values, path))
    array.load("array_load", "joblib", lambda: joblib.load(path))
    array.map("array_map", "joblib", lambda: joblib.load(path, mmap_mode="r"))


def compress(case, values, folder):
    name, level = case.split("_")[:2]
    level = int(level)
    path = folder / "compressed.python"
    array = Array(case, path, values)

    def measure(contender, dump, load):
        array.dump(f"{case}_dump_1", contender, dump)
        report(f"{case}_size", contender, [path.stat().st_size / values.nbytes])
        array.load(f"{case}_load_1", contender, load)

    if name in ("zlib", "gzip"):
        wbits = 31 if name == "gzip" else 15

        def dump():
            compressor = zlib.compressobj(level, wbits=wbits)
            with open(path, "wb") as file:
                file.write(compressor.compress(values))
                file.write(compressor.flush())

        def load():
            return numpy.frombuffer(zlib.decompress(path.read_bytes(), wbits=wbits))

        measure("zlib", dump, load)
    try:
        joblib.dump(None, path, compress=(name, level))
    except ValueError as error:  # of zstd, and of lz4 without its package
        print(f"joblib: {error}", file=sys.stderr)
        return
    measure(
        "joblib",
        lambda: joblib.dump(values, path, compress=(name, level)),
        lambda: joblib.load(path),
    )


def records(folder):
    """Dicts, beside the records and beside values of any type in C++."""
    values = [
        {"id": i, "value": i / 8, "name": f"record {i}", "flag": i % 3 == 0, "count": i % 1000}
        for i in range(200_000)
    ]
    path = folder / "records.python"

    def measure(contender, dump, load):
        dumps, _ = time_long_calls(lambda: path.unlink(missing_ok=True), dump)
        loads, loaded = time_long_calls(lambda: None, load)
        assert loaded == values
        for form in "", "_any":
            report("records_dump" + form, contender, [s * 1e3 for s in dumps])
            report("records_load" + form, contender, [s * 1e3 for s in loads])

    def dump():
        with open(path, "wb") as file:
            pickle.dump(values, file, protocol=4)

    def load():
        with open(path, "rb") as file:
            return pickle.load(file)

    measure("pickle", dump, load)
    measure("joblib", lambda: joblib.dump(values, path), lambda: joblib.load(path))


def main(case, folder):
    if case == "records":
        return records(folder)
    values = numpy.fromfile(folder / f"{case}.values")
    if case == "array":
        array(values, folder)
    else:
        compress(case, values, folder)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
