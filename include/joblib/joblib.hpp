#pragma once

/// @file
/// The whole of joblib.

#include "joblib/parallel.hpp"
