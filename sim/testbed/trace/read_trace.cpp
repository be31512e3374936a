#include "sim/testbed/trace/read_trace.hpp"

#include <algorithm>
#include <utility>

#include "sim/testbed/trace/line_reader.hpp"
#include "sim/testbed/trace/oracle_general.hpp"
#include "sim/testbed/trace/text_formats.hpp"

namespace sim::testbed::trace {

namespace {

using Bytes = std::span<const std::byte>;

/// Lines of the head that detection looks at: valgrind's banner and more.
constexpr int detect_lines_max = 64;

std::string_view file_name(std::string_view path) {
    return path.substr(path.find_last_of('/') + 1);
}

std::optional<Format> format_of_name(std::string_view path) {
    const std::string_view name = file_name(path);
    if (name.find(".oracleGeneral") != std::string_view::npos) return Format::oracle_general;
    if (name.ends_with(".lis") || name.find(".lis.") != std::string_view::npos) {
        return Format::arc_lis;
    }
    return std::nullopt;
}

/// No control characters but line ends and tabs. A record of oracleGeneral has zero bytes.
bool is_text(Bytes head) {
    return std::ranges::none_of(head, [](std::byte byte) {
        const auto character = std::to_integer<unsigned char>(byte);
        const bool line_end = character == '\n' || character == '\r' || character == '\t';
        return character < ' ' && !line_end;
    });
}

/// The format of the first line that looks like a record of one.
std::optional<Format> format_of_text(Bytes head) {
    std::string_view text{reinterpret_cast<const char*>(head.data()), head.size()};
    for (int line = 0; line < detect_lines_max && !text.empty(); ++line) {
        const std::size_t end = text.find('\n');
        std::string_view first = text.substr(0, end);
        if (first.ends_with('\r')) first.remove_suffix(1);
        if (const auto format = format_of_line(first)) return format;
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return std::nullopt;
}

std::optional<Format> format_of_content(Bytes head) {
    constexpr std::size_t sniffed_bytes = 4096;
    const Bytes sniffed = head.first(std::min(head.size(), sniffed_bytes));
    if (!is_text(sniffed)) return Format::oracle_general;
    return format_of_text(head);
}

std::expected<void, TraceError> read_text(LineReader& lines, Format format, Builder& builder) {
    for (;;) {
        const auto line = lines.next();
        if (!line) return std::unexpected(line.error());
        if (!*line) return {};
        const LineResult result = parse_line(format, **line, builder);
        if (!result.expected.empty()) return std::unexpected(lines.error(result.expected, **line));
        if (result.full) return std::unexpected(lines.error("at most 2^31 references", **line));
    }
}

TraceError unknown_format(const std::string& path, Bytes head) {
    std::string_view text{reinterpret_cast<const char*>(head.data()), head.size()};
    text = text.substr(0, text.find('\n'));
    return {path + ": line 1: expected a record of a known format (" + format_names() +
            "), found " + quoted(text)};
}

}  // namespace

std::expected<Trace, TraceError> read_trace(const std::string& path, const ReadOptions& options) {
    auto source = ByteSource::open(path);
    if (!source) return std::unexpected(std::move(source.error()));
    const auto head = source->next();
    if (!head) return std::unexpected(head.error());

    std::optional<Format> format = options.format;
    if (!format) format = format_of_name(path);
    if (!format) format = format_of_content(*head);
    if (!format) return std::unexpected(unknown_format(path, *head));
    if (options.weights && !has_sizes(*format)) {
        return std::unexpected(TraceError{path + ": expected a format with sizes, found " +
                                          std::string{name(*format)}});
    }

    Builder builder{options.weights};
    LineReader lines{*source, *head};
    const auto read = *format == Format::oracle_general
                          ? read_oracle_general(*source, *head, builder)
                          : read_text(lines, *format, builder);
    if (!read) return std::unexpected(read.error());
    if (builder.empty()) {
        return std::unexpected(TraceError{path + ": expected at least one reference, found none"});
    }
    return builder.finish();
}

}  // namespace sim::testbed::trace
