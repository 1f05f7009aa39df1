#pragma once

#include <memory>
#include <string>

#include "joblib/compress/compressor.hpp"

namespace joblib::detail {

std::shared_ptr<const Compressor> make_zlib();
std::shared_ptr<const Compressor> make_gzip();
std::shared_ptr<const Compressor> make_bz2();
std::shared_ptr<const Compressor> make_lzma();
std::shared_ptr<const Compressor> make_xz();
std::shared_ptr<const Compressor> make_lz4();
std::shared_ptr<const Compressor> make_zstd();

// Stands for a format that this build lacks, so that its files are told from plain ones. Any use is
// an Error that names the library and the CMake option which bring it.
std::shared_ptr<const Compressor> make_missing(const std::string& name, Compressor::Format format,
                                               const std::string& library,
                                               const std::string& option);

}  // namespace joblib::detail
