#!/bin/sh
# Python fills a cache, C++ reads it and adds to it, Python reads that: check.sh PROGRAM CACHE
set -eu
program=$1 cache=$2
rm -rf "$cache"
cd "$(dirname "$0")"
/usr/bin/python3 features.py "$cache"
output=$("$program" "$cache")
echo "$output"
expected='C++ computes 4 ** 2
C++ computes 5 ** 2'
[ "$(echo "$output" | grep computes)" = "$expected" ]
output=$(/usr/bin/python3 -c "import features; print([features.costly(x, 2) for x in range(6)])" "$cache")
echo "$output"
[ "$output" = '[0, 1, 4, 9, 16, 25]' ]
