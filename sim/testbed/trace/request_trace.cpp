#include "sim/testbed/trace/request_trace.hpp"

#include <charconv>
#include <optional>

#include "sim/testbed/trace/line_reader.hpp"

namespace sim::testbed::trace {

namespace {

bool is_blank(char character) { return character == ' ' || character == '\t'; }

/// A number at the front of `text`, taken off with the blanks before it.
bool take(std::string_view& text, std::uint64_t& number) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool says_nothing(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    return text.empty() || text.front() == '#';
}

/// What the line should have been; empty: it is a request, added.
std::string add(std::string_view line, std::vector<Request>& requests) {
    Request request;
    if (!take(line, request.due_ns) || line.empty() || !is_blank(line.front()) ||
        !take(line, request.size_ns) || !says_nothing(line)) {
        return "DUE_NS SIZE_NS, two decimal numbers";
    }
    if (request.due_ns > due_ns_max) return "a request due within 2^60 ns";
    if (request.size_ns == 0 || request.size_ns > request_ns_max) return "a size of 1..2^40 ns";
    if (!requests.empty() && request.due_ns < requests.back().due_ns) {
        return "requests in the order in which they are due";
    }
    if (requests.size() == requests_max) return "at most 2^24 requests";
    requests.push_back(request);
    return {};
}

}  // namespace

std::expected<std::vector<Request>, TraceError> read_requests(const std::string& path) {
    auto source = ByteSource::open(path);
    if (!source) return std::unexpected(source.error());
    LineReader lines{*source, {}};
    std::vector<Request> requests;
    for (;;) {
        const auto line = lines.next();
        if (!line) return std::unexpected(line.error());
        if (!*line) break;
        if (says_nothing(**line)) continue;
        const std::string expected = add(**line, requests);
        if (!expected.empty()) return std::unexpected(lines.error(expected, **line));
    }
    if (requests.empty()) {
        return std::unexpected(TraceError{path + ": expected at least one request, found none"});
    }
    return requests;
}

}  // namespace sim::testbed::trace
