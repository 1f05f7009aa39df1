"""One cache of Python's joblib and of C++: memory_test.py <memory_calls program>"""
import contextlib
import importlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import joblib
import numpy

MODULE = '''
import numpy

calls = 0


def add(x, y):
    global calls
    calls += 1
    return x + y


def greet(name, times=3.0):
    global calls
    calls += 1
    return f"Grüße {name} {int(times)}"


def total(values, factor, verbose=False):
    global calls
    calls += 1
    return float((values * factor).sum())


def counting(size):
    global calls
    calls += 1
    return numpy.arange(size, dtype=float)
'''


class Cache:
    """A folder with both sides of it."""

    def __init__(self, program, way="plain"):
        self.folder = tempfile.TemporaryDirectory()
        self.location = self.folder.name
        self.program, self.way = program, way
        importlib.reload(shared)  # joblib remembers the functions whose source it has compared
        options = {"plain": {}, "compressed": {"compress": True}, "mapped": {"mmap_mode": "r"}, "verbose": {}}[way]
        memory = joblib.Memory(self.location, verbose=int(way == "verbose"), **options)
        self.add = memory.cache(shared.add)
        self.greet = memory.cache(shared.greet)
        self.total = memory.cache(shared.total, ignore=["verbose"])
        self.counting = memory.cache(shared.counting)

    def cpp(self, *lines):
        """The answers of a new process."""
        run = subprocess.run([self.program, self.location, self.way], input="".join(line + "\n" for line in lines),
                             stdout=subprocess.PIPE, text=True, check=True)
        return [answer.rstrip() for answer in run.stdout.splitlines()]

    def metadata(self, name):
        """Of the only result of a function."""
        (written,) = self.path(name).glob("*/metadata.json")
        return json.loads(written.read_bytes().decode())

    def path(self, name):
        return pathlib.Path(self.location, "joblib", "shared", name)


def python(function, *args, **kwargs):
    """The result, and whether it was computed."""
    before = shared.calls
    result = function(*args, **kwargs)
    return result, shared.calls > before


def equal(value, expected):
    assert value == expected, f"{value!r}, not {expected!r}"


def test_python_first(program):
    cache = Cache(program)
    equal(cache.add(1, 2), 3)
    equal(cache.greet("Jürgen"), "Grüße Jürgen 3")
    equal(cache.total(numpy.arange(5.0), factor=2.0), 20.0)
    sources = {path: path.read_bytes() for path in cache.path(".").rglob("func_code.py")}
    equal(len(sources), 3)
    equal(cache.cpp("add 1 2", "add 2 1", "greet Jürgen 3", "total 5 2 1", "total 5 2 0", "total 5 3 0"),
          ["hit 3", "miss 3", "hit Grüße Jürgen 3", "hit 20", "hit 20", "miss 30"])
    equal({path: path.read_bytes() for path in cache.path(".").rglob("func_code.py")}, sources)
    equal(python(cache.add, 2, 1), (3, False))
    equal(python(cache.total, numpy.arange(5.0), 3.0, verbose=True), (30.0, False))


def test_cpp_first(program):
    cache = Cache(program)
    equal(cache.cpp("add 1 2", "add 3 4", "greet Jürgen 2", "greet Ada 2", "total 5 2 1", "total 6 2 1"),
          ["miss 3", "miss 7", "miss Grüße Jürgen 2", "miss Grüße Ada 2", "miss 20", "miss 30"])
    assert not list(cache.path(".").rglob("func_code.py")), "C++ made a func_code.py"
    # One call of each function is computed, which also writes func_code.py.
    equal(python(cache.add, 1, 2), (3, True))
    equal(python(cache.add, x=3, y=4), (7, False))
    equal(python(cache.greet, "Ada", 2.0), ("Grüße Ada 2", True))
    equal(python(cache.greet, "Jürgen", times=2.0), ("Grüße Jürgen 2", False))
    equal(python(cache.total, numpy.arange(6.0), 2.0), (30.0, True))
    equal(python(cache.total, numpy.arange(5.0), 2.0), (20.0, False))
    equal(cache.cpp("clear", "add 1 2"), ["hit", "miss 3"])
    assert not cache.path("add/func_code.py").exists(), "clear left func_code.py"
    assert cache.path("greet/func_code.py").exists(), "clear took another function's func_code.py"


def test_changed_source(program):
    cache = Cache(program)
    equal(python(cache.add, 1, 2), (3, True))
    equal(cache.cpp("add 1 2", "add 3 4", "greet Ada 2"), ["hit 3", "miss 7", "miss Grüße Ada 2"])
    source = pathlib.Path(shared.__file__)
    source.write_text(MODULE.replace("return x + y", "return 100 + x + y"), encoding="utf-8")
    importlib.invalidate_caches()
    try:
        importlib.reload(shared)
        changed = joblib.Memory(cache.location, verbose=0).cache(shared.add)
        equal(python(changed, 1, 2), (103, True))
        assert not changed.check_call_in_cache(3, 4), "a result of C++ has survived the change"
        equal(cache.cpp("add 3 4", "greet Ada 2"), ["miss 7", "hit Grüße Ada 2"])
    finally:
        source.write_text(MODULE, encoding="utf-8")
        importlib.reload(shared)


def test_metadata(program):
    cache = Cache(program)
    cache.add(1, 2)
    equal(cache.cpp("greet Jürgen 3")[0][:4], "miss")
    metadata = cache.metadata("greet")
    equal(list(metadata), ["duration", "input_args", "time"])
    equal(metadata["input_args"], {"name": "'Jürgen'", "times": "3.0"})
    assert metadata["duration"] > 0 and metadata["time"] > 1e9
    entries = cache.cpp("entries")[0].split()[1:]
    equal(sorted(entries), ["shared/add(x=1;y=2;)", "shared/greet(name='Jürgen';times=3.0;)"])


def test_arguments_in_metadata(program):
    for size in (0, 5, 100, 2000):
        in_python, in_cpp = Cache(program), Cache(program)
        in_python.total(in_python.counting(size), 0.5)
        equal(in_cpp.cpp(f"total {size} 0.5 0")[0][:4], "miss")
        equal(in_cpp.metadata("total")["input_args"], in_python.metadata("total")["input_args"])


def test_messages(program):
    for size in (0, 5, 100, 2000):
        in_python, in_cpp = Cache(program, "verbose"), Cache(program, "verbose")
        with contextlib.redirect_stdout(io.StringIO()) as messages:
            in_python.total(in_python.counting(size), 0.5, False)
        equal(in_cpp.cpp(f"total {size} 0.5 0")[:-1], [line.rstrip() for line in messages.getvalue().splitlines()])


def test_arrays(program, way):
    cache = Cache(program, way)
    mapped = " mapped" if way == "mapped" else ""
    cache.counting(5)  # leaves func_code.py
    equal(cache.cpp("counting 1000", "counting 5"), ["miss 1000 999" + mapped, "hit 5 4" + mapped])
    result, computed = python(cache.counting, 1000)
    assert not computed
    assert numpy.array_equal(result, numpy.arange(1000.0))
    equal(isinstance(result, numpy.memmap), way == "mapped")
    cache.counting(2000)
    equal(cache.cpp("counting 2000"), ["hit 2000 1999" + mapped])
    equal(cache.total(result, 2.0), 999000.0)  # a mapped argument
    equal(cache.cpp("total 1000 2 0"), ["hit 999000"])


def main(program):
    global shared
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "shared.py").write_text(MODULE, encoding="utf-8")
        sys.path.insert(0, folder)
        import shared
        test_python_first(program)
        test_cpp_first(program)
        test_changed_source(program)
        test_metadata(program)
        test_arguments_in_metadata(program)
        test_messages(program)
        for way in ("plain", "compressed", "mapped"):
            test_arrays(program, way)


main(sys.argv[1])
