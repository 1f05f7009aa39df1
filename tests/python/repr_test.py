"""How values are printed in C++ and in Python: repr_test.py <repr_values program> [seed [number of values]]"""
import datetime
import io
import math
import os
import random
import subprocess
import sys
import tempfile

import joblib
import joblib.func_inspect
import numpy as np

STRUCTS = [np.dtype([("a", "<i4"), ("b", "<f8")]), np.dtype([("p", [("x", "<f4")]), ("s", "S2")]), np.dtype("i2, 3f8"),
           np.dtype([("m", "<i2", (2, 3)), ("c", "c8"), ("t", "M8[s]")]), np.dtype([("e", "f8", (2, 0)), ("u", "<U3")])]
UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "25s", "2M"]


def text(rng):
    alphabet = rng.choice(["abc \n\\'\"\x00\x7f\u00e9\u20ac\U0001f600", "ab ", "a", "a\t\r\n\x0b\x0c\x1c\x1f ", "it's"])
    return "".join(rng.choice(alphabet) for _ in range(rng.choice([0, 1, 3, 20, 100, 300, 2000])))


def data(rng):
    size = rng.choice([0, 1, 4, 5, 30, 200, 3000])
    return rng.choice([rng.randbytes(size), bytes(size), b"it's" * size])


def real(rng):
    """A function that makes numbers, more or less different ones."""
    number = rng.choice([1.0, 0.1, 1e-5, 1e7, 1e-300, 123456.789])
    power = rng.choice([1, 2, 3, 5, 10, 300])
    digits = rng.randint(0, 9)
    return rng.choice([
        lambda: rng.gauss(0, 1), lambda: rng.random() * 10.0 ** rng.randint(-power, power), lambda: number,
        lambda: round(rng.gauss(0, 100), digits), lambda: float(rng.randint(-1000, 1000)), lambda: rng.choice([0.0, -0.0]),
        lambda: rng.choice([math.inf, -math.inf, math.nan]), lambda: rng.choice([math.inf, math.nan, 1.5, number]),
        lambda: 2.0 ** rng.randint(-power, power), lambda: rng.choice([99999999, 1e8, 0.0001, 0.00009999, 1000.2]),
    ])


def elements(rng, dtype, size):
    if dtype.kind == "b":
        return [rng.random() < 0.5 for _ in range(size)]
    if dtype.kind in "iu":
        bits = rng.choice([1, 4, 8 * dtype.itemsize])
        return np.array([rng.getrandbits(bits) for _ in range(size)], "u8").astype(dtype)
    if dtype.kind == "f":
        make = real(rng)
        with np.errstate(all="ignore"):
            return np.array([make() for _ in range(size)]).astype(dtype)
    if dtype.kind == "c":
        first, second = real(rng), real(rng)
        with np.errstate(all="ignore"):
            return np.array([complex(first(), second()) for _ in range(size)]).astype(dtype)
    if dtype.kind in "mM":
        most = 5000 if dtype.str[4:] in ("[Y]", "[M]", "[W]", "[D]", "[2M]") else 10 ** rng.choice([1, 3, 9, 17])
        times = [rng.choice([rng.randint(-most, most)] * 9 + [-2**63]) for _ in range(size)]
        return np.array(times, "i8").view(dtype)
    if dtype.kind == "U":
        return [rng.choice(["", "a", "\u00e9'", "it\n", "\U0001f600"]) for _ in range(size)]
    if dtype.kind == "O":
        result = np.empty(size, object)
        for i in range(size):
            result[i] = rng.choice([leaf(rng), [1, [2]], {"b": 1, "a": [[[2]]]}, np.arange(3.0), np.zeros((2, 2))])
        return result
    return np.frombuffer(rng.randbytes(size * dtype.itemsize), dtype)


def structures(rng, dtype, shape):
    result = np.zeros(shape, dtype)
    for name in dtype.names:
        field = result[name]
        if field.dtype.names:
            field[...] = structures(rng, field.dtype, field.shape)
        else:
            field[...] = np.array(elements(rng, field.dtype, field.size)).reshape(field.shape)
    return result


def array(rng):
    kinds = ["?", "i1", "<i2", "u4", "i8", "u8", "f2", "f4", "f8", "f8", "f8", ">f8", "g", "c8", "c16", "S3", "U4", "V3", "O",
             "M8[" + rng.choice(UNITS) + "]", "m8[" + rng.choice(UNITS) + "]"]
    dtype = np.dtype(rng.choice(kinds)) if rng.random() < 0.9 else rng.choice(STRUCTS)
    large = dtype.kind != "O" and rng.random() < 0.5
    sizes = rng.choice([[0, 1, 2, 3], [1], [1, 30], [7, 11], [1001, 2000]] if large else [[0, 1, 2, 3]])
    shape = tuple(rng.choice(sizes) for _ in range(1 if max(sizes) > 100 else rng.randint(0, 4)))
    if dtype.names:
        result = structures(rng, dtype, shape)
    else:
        result = np.empty(math.prod(shape), dtype)
        with np.errstate(all="ignore"):
            result[:] = elements(rng, dtype, result.size)
        result = result.reshape(shape)
    layout = rng.random()
    if layout < 0.2:
        return np.asfortranarray(result)
    # numpy's repr() of a matrix turns the arrays among its objects into columns, for good: nothing to compare with.
    return np.asmatrix(result) if layout < 0.25 and result.ndim == 2 and dtype.kind != "O" else result


def numpy_scalar(rng):
    result = array(rng)
    return result.flat[0] if result.size and result.dtype.names is None else np.float32(0.1)


def zone(rng):
    return rng.choice([None, None, datetime.timezone.utc, datetime.timezone(datetime.timedelta(hours=rng.randint(-9, 9))),
                       datetime.timezone(datetime.timedelta(hours=1), "CET")])


def time(rng):
    moment = datetime.datetime(rng.randint(1, 9999), rng.randint(1, 12), 2, rng.randint(0, 23), rng.choice([0, 5]),
                               rng.choice([0, 7]), rng.choice([0, 0, 8]), fold=rng.randint(0, 1), tzinfo=zone(rng))
    return rng.choice([moment, moment.date(), moment.time(), moment.timetz(), moment.tzinfo,
                       datetime.timedelta(rng.choice([0, -3]), rng.choice([0, 4]), rng.choice([0, 5]))])


def leaf(rng):
    return rng.choice([
        lambda: None, lambda: True, lambda: rng.getrandbits(rng.choice([3, 40, 300])), lambda: real(rng)(),
        lambda: complex(real(rng)(), real(rng)()), lambda: text(rng), lambda: data(rng), lambda: bytearray(data(rng)),
        lambda: time(rng), lambda: numpy_scalar(rng), lambda: np.dtype(rng.choice(["f8", "<U3", ">i2"])),
    ])()


def value(rng, depth=5):
    if depth == 0 or rng.random() < 0.3:
        return leaf(rng) if rng.random() < 0.5 else array(rng)
    items = [value(rng, depth - 1) for _ in range(rng.choice([0, 1, 2, 5]))]
    numbers = [rng.randint(0, 9) for _ in range(rng.choice([0, 1, 10, 100]))]
    return rng.choice([items, tuple(items), numbers, tuple(numbers), {str(number): number for number in numbers},
                       dict(zip(rng.sample(["b", "a", "d", "c", "long " * 15], 5), items)), set(numbers), frozenset(numbers)])


def dump(value):
    stream = io.BytesIO()
    joblib.dump(value, stream)
    return stream.getvalue()


def run(program, dumped):
    with tempfile.NamedTemporaryFile() as file:
        for each in dumped:
            file.write(len(each).to_bytes(8, "little") + each)
        file.flush()
        output = io.BytesIO(subprocess.run([program, file.name], stdout=subprocess.PIPE, check=True).stdout)
    texts = []
    while size := output.read(8):
        texts.append(output.read(int.from_bytes(size, "little")).decode())
    return list(zip(texts[::2], texts[1::2]))


def main():
    program = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**9)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    print(f"seed {seed}")
    values = [value(random.Random(seed + i)) for i in range(count)]
    halves = np.arange(2**16, dtype="u2").view("f2")
    values.append(list(halves[np.isfinite(halves)]))
    # What a file gives back may lose the fold of times, and sets may have another order.
    values = [joblib.load(io.BytesIO(dump(each))) for each in values]
    dumped = [dump(each) for each in values]
    shown = run(program, dumped)
    assert len(shown) == len(values)
    differences = 0
    for i, (each, texts) in enumerate(zip(values, shown)):
        for found, expected in zip(texts, (repr(each), joblib.func_inspect._format_arg(each))):
            if found != expected:
                differences += 1
                first = max(len(os.path.commonprefix([found, expected])) - 50, 0)
                print(f"value {i} of seed {seed}, from character {first} on:\n{found[first:first + 300]}")
                print(f"Python:\n{expected[first:first + 300]}")
    assert differences == 0, f"{differences} differences"


if __name__ == "__main__":
    main()
