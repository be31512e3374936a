#include "sim/testbed/event_text.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "kernel/abi/call.hpp"
#include "kernel/abi/disk.hpp"
#include "kernel/abi/info.hpp"
#include "kernel/abi/status.hpp"
#include "kernel/abi/upcall.hpp"

namespace sim::testbed {

namespace {

using kernel::abi::Event;
using kernel::abi::EventKind;

constexpr std::array<std::string_view, 36> status_names{
    "ok",           "again",        "bad_call",       "bad_slot",       "empty_slot",
    "occupied_slot", "wrong_type",  "no_right",       "bad_argument",   "misaligned",
    "bad_address",  "no_table",     "already_mapped", "not_mapped",     "frame_taken",
    "no_frames",    "over_limit",   "over_guarantee", "busy",           "bad_state",
    "no_environments", "no_executable_writes", "slice_taken", "no_slices",
    "callee_gone", "other_core", "io_error", "extent_taken", "no_extents", "no_such_extent",
    "code_refused", "tree_damaged", "ownership_refused", "block_taken", "no_blocks",
    "not_cached"};
static_assert(status_names.size() == static_cast<std::size_t>(kernel::abi::Status::status_count));

constexpr std::array<std::string_view, 8> upcall_names{
    "page_fault", "exception", "revocation", "repossession", "child_ended", "revocation_done",
    "slice_begin", "slice_end"};
static_assert(upcall_names.size() == static_cast<std::size_t>(kernel::abi::Upcall::upcall_count));

constexpr std::array<std::string_view, 4> disk_names{"read", "write", "flush", "write_fua"};
static_assert(disk_names.size() == static_cast<std::size_t>(kernel::abi::DiskOp::op_count));

constexpr std::array<std::string_view, 6> reason_names{
    "exited", "fault_while_masked", "no_vector", "ran_away", "destroyed", "deadlock"};

template <std::size_t N>
std::string name_in(const std::array<std::string_view, N>& names, std::size_t index) {
    return index < N ? std::string{names[index]} : fmt::format("?{}", index);
}

std::string body_text(const Event& event) {
    const std::string words = words_text(event);
    switch (event.kind) {
        case EventKind::call:
            return fmt::format("call {}: {} [{}]", event_name(event), status_text(event), words);
        case EventKind::transfer:
        case EventKind::disk:
            return fmt::format("{}: {} [{}]", event_name(event), status_text(event), words);
        default: return fmt::format("{} [{}]", event_name(event), words);
    }
}

bool same(const Event& left, const Event& right, bool with_time) {
    Event other = right;
    if (!with_time) other.time = left.time;
    return std::memcmp(&left, &other, sizeof left) == 0;
}

std::vector<Event> events_of(std::span<const Event> events, std::uint32_t core) {
    std::vector<Event> own;
    std::ranges::copy_if(events, std::back_inserter(own), [core](const Event& event) {
        return event.env.value / kernel::abi::environments_max == core;
    });
    return own;
}

std::uint64_t time_at(std::span<const Event> events, std::size_t position) {
    return position < events.size() ? events[position].time.value : ~std::uint64_t{0};
}

}  // namespace

std::string words_text(const Event& event) {
    const std::size_t count = std::min<std::size_t>(event.word_count, std::size(event.words));
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
        out += fmt::format("{}{:#x}", i == 0 ? "" : ", ", event.words[i]);
    }
    return out;
}

std::string status_text(const Event& event) { return name_in(status_names, event.status); }

std::string event_name(const Event& event) {
    constexpr std::size_t calls = std::size(kernel::abi::call_names);
    switch (event.kind) {
        case EventKind::call:
            return event.code < calls ? kernel::abi::call_names[event.code] : "unknown call";
        case EventKind::upcall: return "upcall " + name_in(upcall_names, event.code);
        case EventKind::fault: return fmt::format("fault {}", event.code);
        case EventKind::ended: return "ended: " + name_in(reason_names, event.code);
        case EventKind::console: return fmt::format("console {}", event.code);
        case EventKind::transfer: return "transfer came back";
        case EventKind::disk: return "disk answered: " + name_in(disk_names, event.code);
        default:
            return fmt::format("event of unknown kind {}", static_cast<unsigned>(event.kind));
    }
}

std::string event_text(const Event& event, bool several_cores) {
    constexpr std::uint32_t on_one = kernel::abi::environments_max;
    const std::string core =
        several_cores ? fmt::format("core {:<2} ", event.env.value / on_one) : std::string{};
    return fmt::format("{:>14} ns  {}env {:<3} {}", event.time.value, core,
                       several_cores ? event.env.value % on_one : event.env.value,
                       body_text(event));
}

std::optional<std::size_t> first_difference(std::span<const Event> left,
                                            std::span<const Event> right, bool with_time) {
    const std::size_t shared = std::min(left.size(), right.size());
    for (std::size_t i = 0; i < shared; ++i) {
        if (!same(left[i], right[i], with_time)) return i;
    }
    if (left.size() != right.size()) return shared;
    return std::nullopt;
}

std::string divergence_text(std::span<const Event> left, std::span<const Event> right,
                            std::size_t position, const std::string& left_name,
                            const std::string& right_name) {
    constexpr std::size_t context = 5;
    const auto beyond_first_core = [](const Event& event) {
        return event.env.value >= kernel::abi::environments_max;
    };
    const bool several = std::ranges::any_of(left, beyond_first_core) ||
                         std::ranges::any_of(right, beyond_first_core);
    std::string out = fmt::format("the first divergence is event {}:\n", position);
    for (std::size_t i = position - std::min(position, context); i < position; ++i) {
        out += fmt::format("    both      {}\n", event_text(left[i], several));
    }
    auto side = [&](const std::string& name, std::span<const Event> events) {
        out += fmt::format("  > {:<9} {}\n", name,
                           position < events.size() ? event_text(events[position], several)
                                                    : std::string{"(no further event)"});
    };
    side(left_name, left);
    side(right_name, right);
    return out;
}

std::string machines_divergence(std::span<const Event> left, std::span<const Event> right,
                                std::uint32_t cores, const std::string& left_name,
                                const std::string& right_name) {
    std::string out;
    std::uint64_t first = 0;
    for (std::uint32_t core = 0; core < cores; ++core) {
        const std::vector<Event> a = events_of(left, core);
        const std::vector<Event> b = events_of(right, core);
        auto at = first_difference(a, b, false);
        if (!at) at = first_difference(a, b, true);
        if (!at) continue;
        const std::uint64_t time = std::min(time_at(a, *at), time_at(b, *at));
        if (!out.empty() && time >= first) continue;
        first = time;
        out = cores > 1 ? fmt::format("core {}: ", core) : std::string{};
        out += divergence_text(a, b, *at, left_name, right_name);
    }
    return out;
}

}  // namespace sim::testbed
