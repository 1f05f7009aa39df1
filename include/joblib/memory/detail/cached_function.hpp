#pragma once

#include <memory>
#include <utility>

#include "joblib/memory/detail/result_cache.hpp"
#include "joblib/pickle/detail/extraction.hpp"
#include "joblib/pickle/detail/writer.hpp"

namespace joblib::detail {

/// What a cached function is beside the callable, for another process of this program: how it is
/// known, and its cache, null where it has none. Throws Error where something of it can't be had
/// there: a store or a validator that is an object of this process.
void write_cached_function(PickleWriter& writer, const ResultCache* cache,
                           const CachedFunction& function);

/// The functions that a process receives share a cache where they did, which then lives as long as
/// the process.
std::pair<std::shared_ptr<ResultCache>, CachedFunction> read_cached_function(Extraction& extraction,
                                                                             const Value& value);

}  // namespace joblib::detail
