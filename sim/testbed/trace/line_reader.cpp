#include "sim/testbed/trace/line_reader.hpp"

#include <utility>

namespace sim::testbed::trace {

namespace {

std::string_view without_return(std::string_view line) {
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

}  // namespace

std::expected<std::optional<std::string_view>, TraceError> LineReader::next() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return next_across_chunks();
    ++line_;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (line.size() > line_bytes_max) return std::unexpected(error("a short line", line));
    return without_return(line);
}

std::expected<std::optional<std::string_view>, TraceError> LineReader::next_across_chunks() {
    ++line_;
    carried_.assign(rest_);
    rest_ = {};
    for (;;) {
        if (carried_.size() > line_bytes_max) {
            return std::unexpected(error("a short line", carried_));
        }
        const auto chunk = source_.next();
        if (!chunk) return std::unexpected(chunk.error());
        if (chunk->empty()) {
            if (carried_.empty()) return std::nullopt;
            return without_return(carried_);
        }
        rest_ = {reinterpret_cast<const char*>(chunk->data()), chunk->size()};
        const std::size_t end = rest_.find('\n');
        carried_.append(rest_.substr(0, end));
        if (end == std::string_view::npos) continue;
        rest_.remove_prefix(end + 1);
        if (carried_.size() > line_bytes_max) {
            return std::unexpected(error("a short line", carried_));
        }
        return without_return(carried_);
    }
}

TraceError LineReader::error(std::string_view expected, std::string_view found) const {
    return {source_.path() + ": line " + std::to_string(line_) + ": expected " +
            std::string{expected} + ", found " + quoted(found)};
}

std::string quoted(std::string_view text) {
    constexpr std::size_t shown_max = 40;
    std::string shown = "\"";
    for (const char character : text.substr(0, shown_max)) {
        shown += character >= ' ' && character <= '~' ? character : '?';
    }
    return shown + (text.size() > shown_max ? "...\"" : "\"");
}

}  // namespace sim::testbed::trace
