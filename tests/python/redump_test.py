"""Files of Python's joblib through C++ and back: redump_test.py <redump program> <vectors> [seed]"""
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import warnings

import joblib
from python_values import random_value, same

VALUES = 2000


def has(module):
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def register_zstd():
    """joblib has no zstd; a user can add it."""
    import zstandard
    from joblib.compressor import CompressorWrapper

    class ZstdFile:
        read = write = seek = tell = None  # joblib looks whether they are there

        def __new__(cls, file, mode):
            return zstandard.open(file, mode)

    joblib.register_compressor("zstd", CompressorWrapper(obj=ZstdFile, prefix=b"\x28\xb5\x2f\xfd", extension=".zst"))


def redump(program, jobs):
    lines = "".join("\t".join(map(str, job)) + "\n" for job in jobs)
    subprocess.run([program], input=lines, text=True, check=True)


def compressors():
    names = ["zlib", "gzip", "bz2", "xz", "lzma"]
    names += ["lz4"] * has("lz4.frame") + ["zstd"] * has("zstandard")
    return ["none"] * 5 + names


def test_random_values(program, folder, seed):
    ways = itertools.cycle(compressors())
    jobs = []
    for i in range(VALUES):
        source, target = folder / f"{i}.in", folder / f"{i}.out"
        from_python = next(ways)
        compress = 0 if from_python in ("none", "zstd") else (from_python, 3)
        joblib.dump(random_value(seed + i), source, compress=compress, protocol=random.Random(i).choice([2, 3, 4, 5]))
        to_python = random.Random(i).choice(compressors())
        jobs.append((source, target, to_python, 3, random.Random(i).choice([3, 4, 5]), 1 + i % 3))
    redump(program, jobs)
    for i, (_, target, *_) in enumerate(jobs):
        value, again = random_value(seed + i), joblib.load(target)
        assert same(value, again), f"value {i} of seed {seed}:\n{value!r}\n{again!r}"


def test_vectors(program, folder, vectors):
    originals = {}
    for vector in json.loads((vectors / "index.json").read_text()):
        file = vectors / vector["file"]
        if "loaded" not in vector or file.name.startswith("comp_lz4") and not has("lz4.frame"):
            continue
        try:
            originals[file] = joblib.load(file)
        except Exception as error:  # needs a module or version that isn't here
            print(f"{file.name}: not loaded by this Python: {error!r}"[:200])
    assert len(originals) > 150
    redump(program, [(file, folder / file.name, "none", 0, 4, 1) for file in originals])
    for file, original in originals.items():
        again = joblib.load(folder / file.name)
        if file.name.startswith("pandas_") or file.name.startswith(("sklearn_", "scipy_", "random_")):
            assert joblib.hash(original) == joblib.hash(again), file.name
        elif file.name.startswith("recursive"):
            assert type(original) is type(again) and len(original) == len(again), file.name
        else:
            assert same(original, again), f"{file.name}:\n{original!r}\n{again!r}"


def main():
    program, vectors = sys.argv[1], pathlib.Path(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(10**9)
    print(f"seed {seed}")
    warnings.simplefilter("ignore")
    if has("zstandard"):
        register_zstd()
    with tempfile.TemporaryDirectory() as folder:
        test_vectors(program, pathlib.Path(folder), vectors)
        test_random_values(program, pathlib.Path(folder), seed)


if __name__ == "__main__":
    main()
