#pragma once

/// Files for the trace tests: written to a folder of their own, removed with it.

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "sim/host/file/temporary_folder.hpp"

namespace tests::policy {

class TraceFiles : public ::testing::Test {
protected:
    [[nodiscard]] std::string path(std::string_view name) const { return folder_.file(name); }

    std::string write(std::string_view name, std::string_view content) const {
        std::ofstream file{path(name), std::ios::binary};
        file << content;
        return path(name);
    }

private:
    sim::host::file::TemporaryFolder folder_;
};

inline std::string zstd_of(std::string_view content) {
    std::string packed(ZSTD_compressBound(content.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), content.data(), content.size(), 3));
    return packed;
}

inline std::string xz_of(std::string_view content) {
    std::string packed(lzma_stream_buffer_bound(content.size()), '\0');
    std::size_t size = 0;
    lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr,
                            reinterpret_cast<const std::uint8_t*>(content.data()), content.size(),
                            reinterpret_cast<std::uint8_t*>(packed.data()), &size, packed.size());
    packed.resize(size);
    return packed;
}

inline std::string gzip_of(std::string_view content) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string packed(deflateBound(&stream, content.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

/// One oracleGeneral record.
inline std::string record(std::uint32_t time, std::uint64_t id, std::uint32_t size,
                          std::int64_t next) {
    std::string bytes;
    const auto put = [&](std::uint64_t value, int count) {
        for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
    };
    put(time, 4);
    put(id, 8);
    put(size, 4);
    put(static_cast<std::uint64_t>(next), 8);
    return bytes;
}

}  // namespace tests::policy
