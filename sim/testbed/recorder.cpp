#include "sim/testbed/recorder.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sim::testbed {

namespace {

constexpr std::size_t line_bytes_max = 256;

}  // namespace

Recorder::Recent Recorder::refer(std::uint64_t page) {
    if (references_++ < options_.skip) return {page, skipped};
    writes_.push_back(0);
    const bool room = builder_.add(page);
    full_ = !room || writes_.size() == options_.references_max;
    return {page, writes_.size() - 1};
}

bool Recorder::access(std::uint64_t page, bool write) {
    ++accesses_;
    const auto found = std::ranges::find(recent_, page, &Recent::page);
    if (found != recent_.end()) {
        std::rotate(recent_.begin(), found, found + 1);
    } else {
        if (recent_.size() == options_.filter) recent_.pop_back();
        recent_.insert(recent_.begin(), refer(page));
    }
    if (write && recent_.front().reference != skipped) writes_[recent_.front().reference] = 1;
    return !full_;
}

// `I  04001ef0,3`, ` L 1ffeffe7e8,8`, ` S ...`, ` M ...`; anything else is the tool talking.
bool Recorder::line(std::string_view text) {
    constexpr std::size_t address_at = 3;
    if (text.size() < address_at + 3 || text[2] != ' ') return true;
    const char kind = text[0] == 'I' ? 'I' : text[1];
    const bool known = (text[0] == 'I' && text[1] == ' ') ||
                       (text[0] == ' ' && (kind == 'L' || kind == 'S' || kind == 'M'));
    if (!known) return true;
    std::uint64_t address = 0;
    std::uint32_t size = 0;
    const char* const last = text.data() + text.size();
    const auto first = std::from_chars(text.data() + address_at, last, address, 16);
    if (first.ec != std::errc{} || first.ptr == last || *first.ptr != ',') return true;
    const auto second = std::from_chars(first.ptr + 1, last, size);
    if (second.ec != std::errc{} || size == 0) return true;
    const bool write = kind == 'S' || kind == 'M';
    const std::uint64_t page = address >> trace::page_shift;
    const std::uint64_t end_page = (address + size - 1) >> trace::page_shift;
    if (!access(page, write)) return false;
    return end_page == page || access(end_page, write);
}

bool Recorder::feed(std::span<const char> text) {
    std::string_view rest{text.data(), text.size()};
    for (;;) {
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos) break;
        if (carried_.empty()) {
            if (!line(rest.substr(0, end))) return false;
        } else {
            carried_ += rest.substr(0, end);
            const std::string whole = std::exchange(carried_, {});
            if (!line(whole)) return false;
        }
        rest.remove_prefix(end + 1);
    }
    carried_ += rest.substr(0, std::min(rest.size(), line_bytes_max));
    return true;
}

trace::Trace Recorder::finish() {
    trace::Trace trace = builder_.finish();
    writes_.resize(trace.page.size());
    trace.write = std::move(writes_);
    return trace;
}

}  // namespace sim::testbed
