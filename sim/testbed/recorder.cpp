#include "sim/testbed/recorder.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sim::testbed {

namespace {

constexpr std::uint64_t no_page = ~std::uint64_t{0};
constexpr std::size_t line_bytes_max = 256;

}  // namespace

bool Recorder::flush() {
    if (page_ == no_page) return true;
    const std::uint64_t page = std::exchange(page_, no_page);
    const bool write = std::exchange(write_, false);
    if (references_++ < skip_) return true;
    ++kept_;
    return builder_.add_access(page, write) && kept_ != references_max_;
}

bool Recorder::access(std::uint64_t page, bool write) {
    ++accesses_;
    if (page != page_) {
        if (!flush()) return false;
        page_ = page;
    }
    write_ = write_ || write;
    return true;
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
    const bool full = references_max_ != 0 && kept_ >= references_max_;
    if (!full) flush();
    return builder_.finish();
}

}  // namespace sim::testbed
