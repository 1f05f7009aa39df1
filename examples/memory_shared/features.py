"""Fills or reads the cache that main.cpp shares: features.py CACHE"""
import sys

import joblib

memory = joblib.Memory(sys.argv[1], verbose=0)


@memory.cache
def costly(x, power):
    print(f"Python computes {x} ** {power}")
    return x**power


if __name__ == "__main__":
    # The function's name in the cache is that of its module; main.cpp uses it.
    import features

    print([features.costly(x, 2) for x in range(4)])
