"""host.py LIBRARY: a Python process that loads it and runs its tasks."""
import ctypes
import sys

sys.exit(ctypes.CDLL(sys.argv[1]).run_tasks())
