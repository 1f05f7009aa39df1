#pragma once

/// @file
/// Parallel loops and task lists: Parallel, delayed, parallel_config and the backends.

#include "joblib/backend/loky.hpp"
#include "joblib/backend/multiprocessing.hpp"
#include "joblib/backend/parallel_backend.hpp"
#include "joblib/backend/remote_backend.hpp"
#include "joblib/backend/sequential.hpp"
#include "joblib/backend/threading.hpp"
#include "joblib/core/cpu_count.hpp"
#include "joblib/core/error.hpp"
#include "joblib/core/log.hpp"
#include "joblib/parallel/config.hpp"
#include "joblib/parallel/delayed.hpp"
#include "joblib/parallel/exception.hpp"
#include "joblib/parallel/generator.hpp"
#include "joblib/parallel/options.hpp"
#include "joblib/parallel/outcome.hpp"
#include "joblib/parallel/parallel.hpp"
#include "joblib/parallel/progress.hpp"
#include "joblib/parallel/task_seed.hpp"
#include "joblib/process/worker_main.hpp"
