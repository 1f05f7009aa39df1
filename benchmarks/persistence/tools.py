"""The compressed cases of cases.hpp with command-line tools, from file to file.

usage: tools.py CASE FOLDER
"""

import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from measure import report, time_long_calls

# By format: the commands, {} where they take a number of threads.
TOOLS = {
    "zlib": ["pigz -z -p {}"],
    "gzip": ["pigz -p {}"],
    "bz2": ["lbzip2 -n {}", "pbzip2 -p{}"],
    "xz": ["xz -T{}"],
    "zstd": ["zstd -T{}"],
    "lz4": ["lz4"],
}


def rates(command, source, target, size):
    """Bytes per second of the command, which writes the target anew each time."""

    def call():
        with open(source, "rb") as stdin, open(target, "wb") as stdout:
            subprocess.run(
                command, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL, check=True
            )

    seconds, _ = time_long_calls(lambda: target.unlink(missing_ok=True), call)
    return [size / s for s in seconds]


def measure(case, command, threads, folder):
    level = case.split("_")[1]
    values, packed, unpacked = folder / f"{case}.values", folder / "packed", folder / "unpacked"
    size = values.stat().st_size
    tool = command.split()
    dump = rates([*tool, f"-{level}", "-c"], values, packed, size)
    report(f"{case}_dump_{threads}", command, dump)
    report(f"{case}_size", command, [packed.stat().st_size / size])
    load = rates([*tool, "-d", "-c"], packed, unpacked, size)
    report(f"{case}_load_{threads}", command, load)
    assert filecmp.cmp(values, unpacked, shallow=False), command
    packed.unlink()
    unpacked.unlink()


def main(case, folder):
    for command in TOOLS.get(case.split("_")[0], []):
        name = command.split()[0]
        if not shutil.which(name):
            print(f"{name} is not installed, left out", file=sys.stderr)
            continue
        for threads in (1, 2) if "{}" in command else (1,):
            measure(case, command.format(threads), threads, folder)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
