"""joblib.hash in C++ and in Python: hash_test.py <hash_values program> [seed [number of values]]"""
import collections
import datetime
import decimal
import enum
import functools
import io
import math
import operator
import pickle
import random
import subprocess
import sys
import tempfile
import uuid

import joblib
import joblib.hashing
import numpy as np
import python_values

KEYS = [
    python_values.text, python_values.integer, python_values.real, lambda rng: rng.random() < 0.5,
    lambda rng: rng.randbytes(rng.randint(0, 4)), lambda rng: None,
    lambda rng: (rng.randint(0, 3), python_values.text(rng)), lambda rng: (rng.choice([1, 1.0, True, 2**70, -0.5]), 7),
    lambda rng: tuple(rng.choices(range(3), k=rng.randint(0, 5))),
    lambda rng: frozenset(rng.choices(range(8), k=rng.randint(0, 3))),
    lambda rng: datetime.date.fromordinal(rng.randint(1, 3000000)),
    lambda rng: datetime.datetime.fromordinal(rng.randint(1, 3000000)) + datetime.timedelta(0, rng.random()),
    lambda rng: datetime.time(rng.randint(0, 23), 5, fold=rng.randint(0, 1)),
    lambda rng: datetime.timedelta(rng.randint(-5, 5), rng.randint(0, 9)),
    lambda rng: rng.choice([np.int8, np.int64, np.uint16])(rng.randint(0, 100)),
    lambda rng: np.uint64(rng.getrandbits(64)), lambda rng: np.float32(rng.randint(-5, 5) / 4),
    lambda rng: np.str_(python_values.text(rng)), lambda rng: np.bytes_(rng.randbytes(3)),
    lambda rng: (np.int64(rng.randint(0, 2)), rng.randint(0, 9)),
    lambda rng: complex(rng.randint(0, 3), 1), lambda rng: int,
]
NUMBERS = [python_values.integer, python_values.real, lambda rng: rng.random() < 0.5, lambda rng: rng.randint(-3, 3),
           lambda rng: rng.randint(-3, 3) / 2, lambda rng: float(rng.getrandbits(70)),
           lambda rng: np.int64(rng.randint(-3, 3)), lambda rng: np.float64(rng.randint(-3, 3) / 4)]
STRUCTS = python_values.STRUCTS + [
    np.dtype([(("A title", "a"), "<f8"), ("b", ">i4"), ("c", "<f8")]),
    np.dtype([("a", [("b", ">i2"), ("c", [("d", "<U3")])]), ("e", "<i2", 3)]),
    np.dtype({"names": ["x", "y"], "formats": ["<i4", "<f8"], "offsets": [4, 16], "itemsize": 32}),
    np.dtype([("n", "i1"), ("o", [("p", "<c16"), ("q", "?")])], align=True),
    np.dtype([("t", "<M8[25s]"), ("u", "<m8[D]"), ("v", "<m8")]), np.dtype([("s", "S7", (2,)), ("g", "g")]),
    np.dtype((np.record, [("a", "<i4"), ("b", "<f8")])), np.dtype([(f"f{i}", "<i2") for i in range(20)]),
]
WITHOUT_GAPS = [dtype for dtype in STRUCTS if "offsets" not in str(dtype)]


class Outer:
    class Inner:
        def method(self):
            return self

    class Kind(enum.Enum):
        FIRST = 1
        SECOND = "2"


class Made:
    """Unpickled by a method of the class."""

    value = 1

    @classmethod
    def make(cls, value):
        return cls()

    def __reduce__(self):
        return Made.make, (self.value,)


# Keys that are equal when they have been loaded, as numpy leaves out zeros at the end, beside one that can't be sorted.
EQUAL_KEYS = [
    {"", np.str_("\0"), None}, {"": 1, np.str_("\0"): 2, None: 3}, {np.str_("a\0"), np.str_("a"), None},
    {np.bytes_(b"a\0"), b"a", None}, {("", 1): 1, (np.str_("\0"), 1): 2, None: 3}, {(math.nan,): 1, (-math.nan,): 1, None: 3},
]
LEAVES = [
    lambda rng: Outer.Inner, lambda rng: Outer.Inner(), lambda rng: Outer.Inner.method,
    lambda rng: [Outer.Inner(), Outer.Inner()], lambda rng: rng.choice(list(Outer.Kind)), lambda rng: list(Outer.Kind),
    lambda rng: {Outer.Kind.FIRST: 1, Outer.Kind.SECOND: 2}, lambda rng: Made(), lambda rng: [Made(), Made],
    lambda rng: operator.add, lambda rng: operator.itemgetter(1), lambda rng: Outer.Inner().method,
    lambda rng: len, lambda rng: math.sqrt, lambda rng: [1, "a"].append, lambda rng: {"k": 1}.get,
    lambda rng: datetime.date(2020, 1, 2).isoformat, lambda rng: dict.fromkeys, lambda rng: np.sin,
    lambda rng: rng.choice([int, dict, np.ndarray, np.float64, collections.OrderedDict, decimal.Decimal, Exception]),
    lambda rng: python_values.text, lambda rng: NotImplemented,
    lambda rng: rng.choice("aZ\u00e9\ud800\udfff\ue000\uffff\U00010000\U0010ffff") * rng.randint(1, 3),
    lambda rng: "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randint(0, 9))),
    lambda rng: rng.choice([1, -1]) * (2 ** rng.choice([7, 8, 15, 16, 31, 32, 63, 64, 2040, 2041]) - rng.randint(0, 1)),
    lambda rng: np.dtype(rng.choice(STRUCTS)), lambda rng: ValueError("a", 1), lambda rng: complex(0, -0.0),
    lambda rng: long_doubles(np.array([rng.randint(0, 9)], "g"))[0],
    lambda rng: rng.choice([np.float16, np.complex64, np.bool_, np.uint64])(rng.randint(0, 9)),
    lambda rng: rng.choice([np.str_("\u20ac"), np.bytes_(b"ab"), np.void(b"abc"), np.timedelta64("NaT")]),
    lambda rng: np.datetime64(rng.randint(0, 9), "25s"), lambda rng: np.zeros(1, rng.choice(STRUCTS))[0],
    lambda rng: datetime.time(1, 2, 3, 4), lambda rng: decimal.Decimal("NaN"),
    lambda rng: datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
]


def long_doubles(values):
    """With zeros in the 6 bytes that mean nothing: in Python they are anything."""
    bytes_of_numbers = np.array(values).reshape(-1).view(np.uint8).reshape(-1, 16)
    bytes_of_numbers[:, 10:] = 0
    return bytes_of_numbers.reshape(-1).view(np.longdouble).reshape(values.shape or 1)


def leaf(rng):
    return python_values.scalar(rng) if rng.random() < 0.6 else rng.choice(LEAVES)(rng)


def has_gaps(dtype):
    return "offsets" in str(dtype)


def array(rng, gaps):
    """joblib.load doesn't read what is in the gaps of structures."""
    if rng.random() < 0.7:
        result = python_values.array(rng)
        if result.dtype.char == "g":
            result = long_doubles(result)
        if not has_gaps(result.dtype):
            return result
    dtype = rng.choice(STRUCTS if gaps else WITHOUT_GAPS)
    shape = rng.choice([() if not has_gaps(dtype) else (2,), (0,), (0, 3), (1,), (3,), (2, 3), (1, 2, 1)])
    result = np.frombuffer(bytes(dtype.itemsize * math.prod(shape)), dtype=dtype).reshape(shape).copy(rng.choice("CF"))
    return result.view(np.recarray) if dtype.type is np.record else result


def keys(rng, size):
    """Of one kind, of numbers, or of any."""
    makers = rng.choice([[rng.choice(KEYS)], [rng.choice(KEYS)], NUMBERS, KEYS])
    result = list(dict.fromkeys(rng.choice(makers)(rng) for _ in range(size * rng.choice([1, 1, 1, 10]))))
    if len(result) > 63:  # Python's sort has its own way with those that have no order
        result = [key for key in result if key == key and type(key) is not frozenset]
    return result if sortable(result) else result[:1]


def sortable(keys):
    """Numpy compares its numbers with tuples, on which joblib fails, and with complex ones, which is not followed."""
    types = set(map(type, keys))
    return not types & {tuple, frozenset, complex} or not any(issubclass(each, np.generic) for each in types)


def set_of_keys(rng, items):
    """Without those that sort by their place in the set, which loading changes."""
    result = [key for key in keys(rng, rng.choice([0, 1, 2, 5])) if key == key]
    return set(result if len({type(key) for key in result} & {frozenset, tuple}) == 0 else result[:1])


def one_kind_of_keys(rng, size):
    """joblib forgets the items of OrderedDict and defaultdict where keys are of several kinds."""
    make = rng.choice([python_values.text, python_values.integer])
    return {make(rng) for _ in range(size)}


def recursive(rng, items):
    """A dict, a list or a tuple that holds itself."""
    content = items()
    kind = rng.randrange(3)
    if kind == 0:
        result = {"items": content}
        result["self"] = result
        return result
    result = tuple([content] * rng.randint(1, 5)) if kind == 1 else content
    content.append(result)
    return result


def instance(rng, items):
    result = ValueError(*items())
    result.second = items()
    result.first = result
    return result


MORE = [
    recursive, instance, set_of_keys, lambda rng, items: {object(): 1, object(): 1, "a": items()},
    lambda rng, items: {float("nan"): 1, float("nan"): 1, "a": 2}, lambda rng, items: {object(), object()},
    lambda rng, items: frozenset(rng.choices(range(8), k=3)),
    lambda rng, items: collections.OrderedDict(zip(one_kind_of_keys(rng, 5), items())),
    lambda rng, items: collections.defaultdict(int, zip(one_kind_of_keys(rng, 5), items())),
    lambda rng, items: collections.Counter(keys(rng, 5)), lambda rng, items: items().copy,
    lambda rng, items: [element for one in [items()] for element in (one, (one, one), one)],
    lambda rng, items: np.array([(1, item) for item in items()], dtype=[("a", "<i4"), ("b", "O")]),
    lambda rng, items: python_values.objects((items() + [None] * 6)[:6]).reshape(2, 3, order=rng.choice("CF")),
]


def random_value(seed, gaps):
    return python_values.value(random.Random(seed), 4, leaf, functools.partial(array, gaps=gaps), keys, MORE)


class Hasher(joblib.hashing.NumpyHasher):
    """joblib's, but arrays without gaps have numpy's usual strides, which loading can change."""

    def save(self, obj):
        if isinstance(obj, np.ndarray) and not obj.dtype.hasobject and obj.flags.forc:
            usual = np.empty(obj.shape, obj.dtype, order="C" if obj.flags.c_contiguous else "F")
            obj = np.lib.stride_tricks.as_strided(obj, obj.shape, usual.strides, subok=True)
        super().save(obj)


def hash_of(value, name="md5"):
    return Hasher(name).hash(value)


def dumped(value, rng, plainly):
    """The bytes, made by pickle or joblib, and the value as Python reads it."""
    if plainly:
        data = pickle.dumps(value, rng.choice([2, 3, 4, 5]))
        return data, pickle.loads(data)
    stream = io.BytesIO()
    joblib.dump(value, stream, protocol=rng.choice([2, 3, 4, 5]))
    stream.seek(0)
    return stream.getvalue(), joblib.load(stream)


def strided(rng):
    """An array with gaps or reversed axes, and the parts that it is made of."""
    dtype = np.dtype(rng.choice(python_values.DTYPES)) if rng.random() < 0.7 else rng.choice(WITHOUT_GAPS)
    dtype = pickle.loads(pickle.dumps(dtype))
    shape = [rng.randint(1, 4) for _ in range(rng.randint(1, 3))]
    memory = np.frombuffer(rng.randbytes(dtype.itemsize * math.prod(shape)), np.uint8)
    if dtype.char in "gG" or "g" in str(dtype):
        memory = np.zeros_like(memory)
    whole = np.frombuffer(memory.tobytes(), dtype).reshape(shape)
    view = whole[tuple(rng.choice([slice(None), slice(None, None, -1), slice(None, None, 2), slice(1, None)])
                       for _ in shape)]
    view = view.transpose(rng.sample(range(view.ndim), view.ndim))
    if rng.random() < 0.2:
        view = np.broadcast_to(view, (rng.randint(1, 3), *view.shape))
    address = view.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    offset = address if view.size else 0
    return view, (np.empty(0, dtype), view.shape, view.strides, offset, whole.tobytes())


def run(program, records):
    with tempfile.NamedTemporaryFile() as file:
        for kind, data in records:
            file.write(kind + len(data).to_bytes(8, "little") + data)
        file.flush()
        output = subprocess.run([program, file.name], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line.split(" ", 1) for line in output.splitlines()]


def main():
    program = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**9)
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 5000
    print(f"seed {seed}")
    joblib.numpy_pickle._ensure_native_byte_order = lambda array: array
    records, values = [], []
    for i in range(count):
        plainly = i % 3 == 0
        original = random_value(seed + i, gaps=plainly)
        data, value = dumped(original, random.Random(seed + i), plainly)
        records.append((b"v", data))
        values.append((original, value))
    for keys in EQUAL_KEYS:
        data = pickle.dumps(keys, 4)
        records.append((b"v", data))
        values.append((keys, pickle.loads(data)))
    for i in range(count // 5):
        view, parts = strided(random.Random(seed + i))
        records.append((b"s", pickle.dumps(parts, 5)))
        values.append((view, view))
    digests = run(program, records)
    assert len(digests) == len(values)
    differences = as_original = 0
    for i, ((original, value), (md5, sha1)) in enumerate(zip(values, digests)):
        as_original += md5 == joblib.hash(original)
        if md5 != hash_of(value) or i % 5 == 0 and sha1 != hash_of(value, "sha1"):
            differences += 1
            print(f"value {i} of seed {seed}: {md5} {sha1}, Python {hash_of(value)}: {value!r}"[:1000])
    assert differences == 0, f"{differences} differences"
    # Dumping and loading changes few values: strides, identities, the order in sets.
    assert as_original > 0.8 * len(values), f"{as_original} of {len(values)} as before dumping"


if __name__ == "__main__":
    main()
