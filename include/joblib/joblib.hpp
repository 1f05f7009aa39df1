#pragma once

/// @file
/// The whole of joblib.

#include "joblib/hash.hpp"
#include "joblib/memory.hpp"
#include "joblib/parallel.hpp"
#include "joblib/persistence.hpp"
