#pragma once

// Memory: results of functions, kept in a store and read back.

#include "joblib/hash.hpp"
#include "joblib/memory/memory.hpp"
