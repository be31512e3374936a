#pragma once

/// The byte source: a trace file's bytes, decompressed as they are asked for.
///
/// Why: traces come plain, gzipped, as xz or as zstd, often far larger than memory once
/// decompressed. A reader sees one stream of chunks whatever the coding, in bounded memory.
///
/// The coding is known by its magic number, never by the file's name. Concatenated gzip members,
/// xz streams and zstd frames are one stream, as their own tools treat them. A file that ends
/// inside a compressed stream is an error, not an end.
///
/// Source: RFC 1952 (gzip), RFC 8878 (zstd), the .xz file format 1.1.0.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/testbed/trace/trace.hpp"

namespace sim::testbed::trace {

/// Decodes one coding. Virtual, since the file's content chooses it at run time.
class Decoder {
public:
    struct Step {
        std::size_t consumed = 0;  ///< bytes of input used
        std::size_t produced = 0;  ///< bytes of output written
        bool corrupt = false;
        std::string reason;  ///< the library's words, where corrupt
    };

    virtual ~Decoder() = default;

    /// Decode what fits from `input` to `output`.
    virtual Step decode(std::span<const std::byte> input, std::span<std::byte> output) = 0;

    /// Whether the input may end here.
    [[nodiscard]] virtual bool complete() const = 0;

    /// What the coding is called in an error.
    [[nodiscard]] virtual const char* name() const = 0;
};

/// The decoder for content that begins with `head`; plain copying if no magic number matches.
[[nodiscard]] std::unique_ptr<Decoder> make_decoder(std::span<const std::byte> head);

class ByteSource {
public:
    static constexpr std::size_t chunk_bytes = std::size_t{1} << 18;

    /// Open `path`. Errors: absent, a directory, unreadable, empty.
    [[nodiscard]] static std::expected<ByteSource, TraceError> open(const std::string& path);

    /// The next decoded bytes, valid until the next call; empty at the end.
    [[nodiscard]] std::expected<std::span<const std::byte>, TraceError> next();

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    using File = std::unique_ptr<std::FILE, Close>;

    ByteSource(std::string path, File file);

    bool refill();
    [[nodiscard]] TraceError corrupt(const std::string& reason) const;

    std::string path_;
    File file_;
    std::vector<std::byte> input_;
    std::vector<std::byte> output_;
    std::span<const std::byte> pending_;  ///< input read but not decoded
    std::uint64_t consumed_ = 0;          ///< compressed bytes decoded so far
    std::unique_ptr<Decoder> decoder_;
};

}  // namespace sim::testbed::trace
