#pragma once

// hash: digests of any C++ value, the same as those of Python's joblib.

#include "joblib/hashing/hash.hpp"
#include "joblib/hashing/hashed.hpp"
#include "joblib/hashing/hasher.hpp"
#include "joblib/pickle/object.hpp"
