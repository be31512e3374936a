#include "sim/testbed/trace/byte_source.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace sim::testbed::trace {

ByteSource::ByteSource(std::string path, File file)
    : path_{std::move(path)},
      file_{std::move(file)},
      input_(chunk_bytes),
      output_(chunk_bytes) {}

std::expected<ByteSource, TraceError> ByteSource::open(const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        return std::unexpected(TraceError{path + ": expected a trace file, found a directory"});
    }
    errno = 0;
    File file{std::fopen(path.c_str(), "rb")};
    if (!file) {
        return std::unexpected(TraceError{path + ": cannot open: " + std::strerror(errno)});
    }
    ByteSource source{path, std::move(file)};
    if (!source.refill()) {
        if (std::ferror(source.file_.get())) {
            return std::unexpected(TraceError{path + ": cannot read: " + std::strerror(errno)});
        }
        return std::unexpected(
            TraceError{path + ": byte 0: expected a trace, found an empty file"});
    }
    source.decoder_ = make_decoder(source.pending_);
    return source;
}

bool ByteSource::refill() {
    const std::size_t size = std::fread(input_.data(), 1, input_.size(), file_.get());
    pending_ = std::span{input_}.first(size);
    return size > 0;
}

TraceError ByteSource::corrupt(const std::string& reason) const {
    return {path_ + ": compressed byte " + std::to_string(consumed_) + ": expected valid " +
            decoder_->name() + " data, found " + reason};
}

std::expected<std::span<const std::byte>, TraceError> ByteSource::next() {
    for (;;) {
        const bool at_end = pending_.empty() && !refill();
        if (at_end && std::ferror(file_.get())) {
            return std::unexpected(TraceError{path_ + ": cannot read: " + std::strerror(errno)});
        }
        // At the end a decoder may still hold output for input it has consumed.
        const Decoder::Step step = decoder_->decode(pending_, output_);
        pending_ = pending_.subspan(step.consumed);
        consumed_ += step.consumed;
        if (step.corrupt) return std::unexpected(corrupt(step.reason));
        if (step.produced > 0) return std::span<const std::byte>{output_}.first(step.produced);
        if (!at_end) continue;
        if (!decoder_->complete()) return std::unexpected(corrupt("the end of the file"));
        return std::span<const std::byte>{};
    }
}

}  // namespace sim::testbed::trace
