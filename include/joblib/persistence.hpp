#pragma once

// dump and load: any C++ value to one file and back, in the format of Python's joblib.

#include "joblib/compress/compressor.hpp"
#include "joblib/pickle/dump.hpp"
#include "joblib/pickle/load.hpp"
#include "joblib/pickle/object.hpp"
