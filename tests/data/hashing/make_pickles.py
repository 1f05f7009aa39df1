"""Gives each vector of vectors.json its value in a form that C++ reads: make_pickles.py

`expr` is a Python expression; `md5` and `sha1` are what joblib 1.6 made of its value with Python 3.11
and numpy 1.24. `pickle` is the value, dumped by joblib with zlib, in base64; of an array with gaps
its memory, with the place of the elements in it.
"""
import base64
import collections  # needed, as the next ones, by expressions
import ctypes
import datetime
import decimal
import fractions
import io
import json
import pathlib
import random
import uuid

import joblib
import numpy as np

MAPPED = "np.memmap of "


def packed(value):
    stream = io.BytesIO()
    joblib.dump(value, stream, compress=3, protocol=4)
    return base64.b64encode(stream.getvalue()).decode()


def memory_of(array):
    """All bytes between the array's first and last element, and the place of element 0 in them."""
    low, high = np.byte_bounds(array)
    memory = bytes((ctypes.c_char * (high - low)).from_address(low))
    return memory, array.__array_interface__["data"][0] - low


def main():
    path = pathlib.Path(__file__).with_name("vectors.json")
    vectors = json.loads(path.read_text())
    for vector in vectors:
        value = eval(vector["expr"].removeprefix(MAPPED))
        is_array = isinstance(value, np.ndarray) and not value.dtype.hasobject
        if is_array and value.size and not (value.flags.c_contiguous or value.flags.f_contiguous):
            memory, offset = memory_of(value)
            vector["strided"] = {"dtype": value.dtype.str, "shape": value.shape, "strides": value.strides, "offset": offset}
            value = memory
        vector["pickle"] = packed(value)
    path.write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    main()
