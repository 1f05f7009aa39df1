"""Exchanges compressed files with Python's own modules in both directions.

usage: python_test.py PROGRAM    PROGRAM is built from python_files.cpp
"""
import array
import bz2
import gzip
import io
import lzma
import pathlib
import random
import subprocess
import sys
import tempfile
import zlib


def zlib_writer(level):
    return lambda data: zlib.compress(data, level)


def lzma_writer(container, preset, **options):
    return lambda data: lzma.compress(data, format=container, preset=preset, **options)


def zlib_of_one_stream(data):
    """joblib reads no further than the end of the first stream."""
    decompressor = zlib.decompressobj()
    result = decompressor.decompress(data) + decompressor.flush()
    assert decompressor.eof and not decompressor.unused_data
    return result


READERS = {
    "zlib": zlib_of_one_stream,
    "gzip": lambda data: gzip.GzipFile(fileobj=io.BytesIO(data)).read(),
    "bz2": lambda data: bz2.BZ2File(io.BytesIO(data)).read(),
    "lzma": lambda data: lzma.LZMAFile(io.BytesIO(data), format=lzma.FORMAT_AUTO).read(),
    "xz": lambda data: lzma.LZMAFile(io.BytesIO(data), format=lzma.FORMAT_AUTO).read(),
}
WRITERS = {
    "zlib": [zlib_writer(level) for level in range(10)],
    "gzip": [
        gzip.compress,
        lambda data: gzip.compress(data[:1000]) + gzip.compress(data[1000:]),
        lambda data: subprocess.run(["gzip", "-cN"], input=data, capture_output=True).stdout,
    ],
    "bz2": [bz2.compress, lambda data: bz2.compress(data[:1000]) + bz2.compress(data[1000:], 1)],
    "lzma": [lzma_writer(lzma.FORMAT_ALONE, preset) for preset in range(10)],
    "xz": [lzma_writer(lzma.FORMAT_XZ, preset) for preset in range(10)]
    + [
        lzma_writer(lzma.FORMAT_XZ, 1, check=check)
        for check in (lzma.CHECK_NONE, lzma.CHECK_CRC32, lzma.CHECK_SHA256)
    ],
}

try:
    import lz4.frame

    READERS["lz4"] = lambda data: lz4.frame.LZ4FrameFile(io.BytesIO(data)).read()
    WRITERS["lz4"] = [
        lz4.frame.compress,
        lambda data: lz4.frame.compress(data, compression_level=9, block_linked=False),
        lambda data: lz4.frame.compress(data, block_checksum=True, content_checksum=True),
        lambda data: lz4.frame.compress(data, block_size=lz4.frame.BLOCKSIZE_MAX4MB),
    ]
except ImportError:
    print("not tested, since Python has no module for it: lz4")

try:
    import zstandard

    READERS["zstd"] = lambda data: zstandard.ZstdDecompressor().stream_reader(data).read()
    WRITERS["zstd"] = [
        lambda data, level=level: zstandard.ZstdCompressor(level).compress(data)
        for level in (-5, 1, 3, 19)
    ] + [zstandard.ZstdCompressor(threads=2, write_checksum=True).compress]
except ImportError:
    print("not tested, since Python has no module for it: zstd")


def sample():
    """More than two blocks of every format; half of it repeats, some is random."""
    rng = random.Random(0)
    numbers = array.array("d", (round(rng.gauss(0, 1), 2) for _ in range(120_000)))
    return numbers.tobytes() + bytes(300_000) + rng.randbytes(600_000)


def main():
    program = sys.argv[1]
    failures = 0
    for data in b"", b"joblib", sample():
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "bytes").write_bytes(data)
            subprocess.run([program, "write", name], check=True)
            files = sorted(path for path in folder.iterdir() if path.name != "bytes")
            read = 0
            for path in files:
                reader = READERS.get(path.name.split("-")[0])
                if reader is None:
                    continue
                read += 1
                if reader(path.read_bytes()) != data:
                    print(f"{path.name}, {len(data)} bytes: Python reads other bytes")
                    failures += 1
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "bytes").write_bytes(data)
            built_in = {path.name.split("-")[0] for path in files}
            written = 0
            for kind, writers in WRITERS.items():
                if kind not in built_in:
                    continue
                for number, writer in enumerate(writers):
                    (folder / f"{kind}-{number}").write_bytes(writer(data))
                    written += 1
            failures += subprocess.run([program, "read", name]).returncode
        print(f"{len(data)} bytes: {read} files read by Python, {written} written by it")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
