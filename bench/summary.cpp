#include "bench/summary.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bench {

namespace {

struct RowName {
    const char* operation;  // meter's
    const char* peer;       // Linux's, or ""
};

constexpr RowName rows[] = {
    {"null_call", "getpid"},
    {"exception_upcall", "sigill_round_trip"},
    {"fault_to_resume", "sigsegv_mprotect"},
    {"map", ""},
    {"unmap", ""},
    {"map_touch_unmap", "mmap_munmap"},
    {"derive", ""},
    {"revoke_1", ""},
    {"revoke_1000", ""},
    {"env_create_destroy", "fork_exit"},
    {"transfer_round_trip", "pipe_ping_pong"},
    {"yield_round_trip", "sched_yield_pair"},
    {"far_round_trip", "pipe_ping_pong"},
    {"far_lend_revoke", ""},
    {"far_ring_round_trip", "pipe_ping_pong"},
    {"far_ring_filled", ""},
    {"ring_message", ""},
    {"thread_round_trip", "sched_yield_pair"},
    {"semaphore_round_trip", "futex_ping_pong"},
    {"semaphore_round_trip", "pipe_ping_pong"},
};

std::optional<double> value(const std::optional<Figures>& figures, const std::string& name) {
    if (!figures) return std::nullopt;
    const auto found = figures->find(name);
    if (found == figures->end()) return std::nullopt;
    return found->second;
}

std::string cell(const std::optional<double>& number) {
    return number ? fmt::format("{:.0f}", *number) : "-";
}

// True: met. A figure that is not there meets nothing and misses nothing.
bool print_aim(const char* text, const std::optional<double>& measured, double most) {
    if (!measured) {
        fmt::print("  {:<62} not measured\n", text);
        return true;
    }
    const bool met = *measured <= most;
    fmt::print("  {:<62} {:>8.0f} of {:>6.0f}  {}\n", text, *measured, most,
               met ? "met" : "missed");
    return met;
}

}  // namespace

void print_downloaded_code(const Figures& figures) {
    bool first = true;
    for (const auto& [name, native] : figures) {
        const auto end = name.find("/native");
        if (end == std::string::npos) continue;
        const std::string function = name.substr(0, end);
        const auto compiled = value(figures, function + "/compiled");
        const auto interpreted = value(figures, function + "/interpreted");
        if (!compiled || !interpreted) continue;
        if (first) {
            fmt::print("\n{:<20} {:>10} {:>12} {:>8} {:>15} {:>8}\n", "downloaded code",
                       "native ns", "compiled ns", "ratio", "interpreted ns", "ratio");
        }
        first = false;
        fmt::print("{:<20} {:>10.1f} {:>12.1f} {:>8.2f} {:>15.1f} {:>8.2f}\n", function, native,
                   *compiled, *compiled / native, *interpreted, *interpreted / native);
    }
}

void print_file_systems(const Figures& figures) {
    if (figures.empty()) return;
    const auto ns = [&](const char* row) { return value(figures, row); };
    const auto rate = [](const std::optional<double>& each) {
        return each ? fmt::format("{:.0f}", 1e9 / *each) : "skipped";
    };
    const auto faster = [](const std::optional<double>& ours, const std::optional<double>& theirs) {
        return ours && theirs ? fmt::format("{:.1f}", *theirs / *ours) : "-";
    };
    struct Operation {
        const char* text;
        const char* cofs;
        const char* tmpfs;  // empty: makes nothing durable
        const char* ext4;
    };
    constexpr Operation operations[] = {
        {"create", "create/cofs", "create/tmpfs", "create/ext4"},
        {"stat", "stat/cofs", "stat/tmpfs", "stat/ext4"},
        {"read_4k", "read_4k/cofs", "read_4k/tmpfs", "read_4k/ext4"},
        {"unlink", "unlink/cofs", "unlink/tmpfs", "unlink/ext4"},
        {"fsync", "fsync/cofs", "", "fsync/ext4"},
        {"fsync, one flush", "fsync_once/cofs", "", "fsync/ext4"},
        {"the same, ext4 below", "fsync_once/cofs", "", "fsync_below/ext4"},
    };
    fmt::print("\n{:<20} {:>12} {:>12} {:>8} {:>12} {:>8}\n", "operations a second", "cofs",
               "tmpfs", "x", "ext4", "x");
    for (const Operation& one : operations) {
        const auto cofs = ns(one.cofs);
        const bool durable = *one.tmpfs == 0;
        const auto tmpfs = durable ? std::nullopt : ns(one.tmpfs);
        const auto ext4 = ns(one.ext4);
        fmt::print("{:<20} {:>12} {:>12} {:>8} {:>12} {:>8}\n", one.text, rate(cofs),
                   durable ? "-" : rate(tmpfs), faster(cofs, tmpfs), rate(ext4),
                   faster(cofs, ext4));
    }
    fmt::print("\nAims\n");
    const auto aim = [&](const char* text, const char* ours, const char* peer, double part) {
        const auto theirs = ns(peer);
        print_aim(text, theirs ? ns(ours) : std::nullopt, theirs.value_or(0) * part);
    };
    aim("cached read of 4 KiB, ns (a fifth of tmpfs's)", "read_4k/cofs", "read_4k/tmpfs", 0.2);
    aim("create, ns (a fifth of tmpfs's)", "create/cofs", "create/tmpfs", 0.2);
    aim("fsync after 4 KiB, ns (of an ext4 in such a file)", "fsync/cofs", "fsync/ext4", 1);
    aim("the same with one flush, ns", "fsync_once/cofs", "fsync/ext4", 1);
}

int print_summary(const Summary& summary) {
    fmt::print("\n{:<20} {:>10} {:>12}  {:<20} {:>10} {:>8}\n", "operation", "hosted ns",
               "image instr.", "Linux", "Linux ns", "ratio");
    for (const RowName& row : rows) {
        const auto hosted = value(summary.hosted_ns, row.operation);
        const auto peer = value(summary.linux_ns, row.peer);
        const std::string ratio = hosted && peer ? fmt::format("{:.2f}", *hosted / *peer) : "-";
        fmt::print("{:<20} {:>10} {:>12}  {:<20} {:>10} {:>8}\n", row.operation, cell(hosted),
                   cell(value(summary.image, row.operation)), row.peer, cell(peer), ratio);
    }
    fmt::print("\nAims\n");
    print_aim("hosted null call, ns", value(summary.hosted_ns, "null_call"), 30);
    print_aim("hosted control transfer round trip, ns",
              value(summary.hosted_ns, "transfer_round_trip"), 150);
    const auto signal = value(summary.linux_ns, "sigsegv_mprotect");
    print_aim("hosted fault to libOS and back, ns (1.3 x Linux's, mprotects too)",
              signal ? value(summary.hosted_ns, "fault_to_resume") : std::nullopt,
              1.3 * signal.value_or(0));
    int missed = 0;
    missed += print_aim("image null call, instructions", value(summary.image, "null_call"), 60)
                  ? 0 : 1;
    missed += print_aim("image exception to upcall and back, instructions",
                        value(summary.image, "exception_upcall"), 150)
                  ? 0 : 1;
    missed += print_aim("image control transfer round trip, instructions",
                        value(summary.image, "transfer_round_trip"), 350)
                  ? 0 : 1;
    missed += print_aim("image ring message, instructions", value(summary.image, "ring_message"),
                        100)
                  ? 0 : 1;
    return missed;
}

}  // namespace bench
