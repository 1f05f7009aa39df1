"""Random Python values, and a comparison that sees every difference that a file may make."""
import collections
import datetime
import decimal
import fractions
import functools
import math
import random
import uuid

import numpy as np

DTYPES = ["?", "i1", "u1", "<i2", ">i2", "<u4", ">u4", "<i8", ">i8", "<u8", "f2", "<f4", ">f4", "<f8",
          ">f8", "g", "<c8", ">c16", "S3", "<U4", ">U2", "M8[s]", "<m8[ns]", "V5"]
STRUCTS = [np.dtype([("a", "<i4"), ("b", "<f8")]), np.dtype([("p", [("x", "<f4")]), ("s", "S2")]),
           np.dtype([("m", "<i2", (2, 3)), ("k", "u1")]), np.dtype([("a", "i1"), ("b", "<i4")], align=True)]


def text(rng):
    alphabet = "abc \n\\'\"\x00\x7f\u00e9\u20ac\U0001f600\ud800"
    return "".join(rng.choice(alphabet) for _ in range(rng.choice([0, 1, 3, 20, 300])))


def integer(rng):
    return rng.randint(-1, 1) * rng.getrandbits(rng.choice([1, 7, 8, 15, 16, 31, 32, 63, 64, 65, 300, 2100]))


def real(rng):
    return rng.choice([0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1.5, rng.random(), rng.gauss(0, 1e300)])


def array(rng):
    dtype = np.dtype(rng.choice(DTYPES)) if rng.random() < 0.8 else rng.choice(STRUCTS)
    shape = tuple(rng.choice([0, 1, 2, 3, 5]) for _ in range(rng.randint(0, 3)))
    count = math.prod(shape) * dtype.itemsize
    if dtype.kind in "?fcgUb":
        numbers = np.array([rng.randint(0, 100) for _ in range(math.prod(shape))])
        result = numbers.astype(dtype).reshape(shape)
    else:
        result = np.frombuffer(rng.randbytes(count), dtype=dtype).reshape(shape).copy()
    layout = rng.random()
    if layout < 0.2:
        result = np.asfortranarray(result)
    elif layout < 0.3 and result.ndim:
        result = np.repeat(result, 2, axis=0)[::2]
    elif layout < 0.35:
        result = result.T
    return result


def scalar(rng):
    make = rng.choice([
        lambda: None, lambda: rng.random() < 0.5, lambda: integer(rng), lambda: real(rng),
        lambda: complex(real(rng), real(rng)), lambda: text(rng),
        lambda: rng.randbytes(rng.choice([0, 1, 255, 256, 70000])),
        lambda: datetime.datetime(2020, 1, 2, 3, 4, 5, rng.randrange(10**6)),
        lambda: datetime.timedelta(rng.randint(-9, 9), 5, 7), lambda: datetime.date(1999, 12, 31),
        lambda: decimal.Decimal(rng.randint(-99, 99)) / 8, lambda: fractions.Fraction(rng.randint(1, 9), 7),
        lambda: uuid.UUID(int=rng.getrandbits(128)), lambda: range(1, rng.randint(2, 9), 2),
        lambda: slice(None, rng.randint(1, 5)), lambda: np.float32(rng.random()), lambda: np.int16(-3),
        lambda: np.datetime64("2020-01-01"), lambda: np.dtype(rng.choice(DTYPES)), lambda: int,
        lambda: datetime.timezone.utc, lambda: Ellipsis,
    ])
    return make()


def mixed_keys(rng, size):
    makers = [lambda: text(rng), lambda: integer(rng), lambda: (rng.randint(0, 3), text(rng)),
              lambda: rng.randbytes(3), lambda: None, lambda: frozenset([rng.randint(0, 9)])]
    return [rng.choice(makers)() for _ in range(size)]


def value(rng, depth=4, leaf=scalar, array=array, keys=mixed_keys, more=()):
    """`leaf`, `array` and `keys` make the parts; `more` are functions that make something of a list of items."""
    kind = rng.random()
    if depth == 0 or kind < 0.35:
        return leaf(rng)
    if kind < 0.55:
        return array(rng)
    size = rng.choice([0, 1, 2, 3, 5]) if rng.random() < 0.97 else 1100

    def items():
        if size > 100:
            return [rng.randint(0, 9) for _ in range(size)]
        return [value(rng, depth - 1, leaf, array, keys, more) for _ in range(size)]

    make = rng.choice([
        items, lambda: tuple(items()), lambda: dict(zip(keys(rng, size), items())),
        lambda: collections.defaultdict(list, {"k": items()}), lambda: collections.Counter("abracadabra"),
        lambda: collections.deque(items(), maxlen=3000), lambda: bytearray(rng.randbytes(size)),
        lambda: shared(items()), lambda: objects(items()), lambda: np.asmatrix(np.eye(2)),
        *(functools.partial(make, rng, items) for make in more),
    ])
    return make()


def shared(items):
    """A list that holds one list twice, and itself."""
    result = [items, items]
    result.append(result)
    return result


def objects(items):
    result = np.empty(len(items), dtype=object)
    result[:] = items
    return result


def bytes_of(array):
    """In native order, without the padding of long double."""
    if array.dtype.char == "g":
        return [repr(x) for x in array.ravel()]
    return array.astype(array.dtype.newbyteorder("=")).tobytes()


def same(a, b, seen=None):
    """Whether the values are equal, with their types, orders, dtypes, and what they share."""
    seen = {} if seen is None else seen
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, dict, set, collections.deque)):
        if id(a) in seen:
            return seen[id(a)] == id(b)
        seen[id(a)] = id(b)
    if isinstance(a, np.ma.MaskedArray):
        return a.dtype == b.dtype and same(a.mask, b.mask, seen) and same(a.data, b.data, seen)
    if isinstance(a, np.ndarray):
        if a.dtype.hasobject:
            return a.shape == b.shape and all(same(x, y, seen) for x, y in zip(a.ravel(), b.ravel()))
        order = a.flags.f_contiguous and not a.flags.c_contiguous
        return (a.dtype.newbyteorder("=") == b.dtype.newbyteorder("=") and a.shape == b.shape
                and order == (b.flags.f_contiguous and not b.flags.c_contiguous)
                and bytes_of(a) == bytes_of(b))
    if isinstance(a, np.generic):
        return a.dtype == b.dtype and bytes_of(a) == bytes_of(b)
    if isinstance(a, (float, complex)):
        return repr(a) == repr(b)
    if isinstance(a, (list, tuple, collections.deque)):
        return (len(a) == len(b) and getattr(a, "maxlen", None) == getattr(b, "maxlen", None)
                and all(same(x, y, seen) for x, y in zip(a, b)))
    if isinstance(a, dict):
        return (len(a) == len(b) and getattr(a, "default_factory", None) == getattr(b, "default_factory", None)
                and all(same(x, y, seen) for x, y in zip(a.items(), b.items())))
    return a == b


def random_value(seed):
    return value(random.Random(seed), more=[
        lambda rng, items: set(mixed_keys(rng, rng.randint(0, 5))),
        lambda rng, items: frozenset(mixed_keys(rng, rng.randint(0, 5))),
        lambda rng, items: collections.OrderedDict(zip(mixed_keys(rng, 5), items())),
        lambda rng, items: np.ma.masked_array([1, 2, 3], [0, 1, 0]),
    ])
