#include "sim/cli/explore_report.hpp"

#include <array>
#include <bit>
#include <cstdio>
#include <string_view>

#include <fmt/format.h>

#include "sim/explore/report_codec.hpp"
#include "sim/host/process/worker.hpp"

namespace sim::cli {

namespace {

using explore::Progress;
using kernel::machine::Probe;

constexpr std::array<std::string_view, static_cast<std::size_t>(Probe::probe_count)> probe_names = {
    "allocation_refused",   "credit_exhausted",  "recall_across_cores", "repossessed",
    "grace_used",           "debt_paid",         "slice_given",         "wake_before_park",
    "call_refused_busy",    "caller_ended_in_call", "server_ended_in_call",
    "upcall_while_masked",  "double_fault"};
static_assert(!probe_names.back().empty());

std::string probes_text(std::uint64_t reached, bool hit) {
    std::string all;
    for (std::size_t i = 0; i < probe_names.size(); ++i) {
        if ((reached >> i & 1) != hit) continue;
        all += (all.empty() ? "" : ", ") + std::string{probe_names[i]};
    }
    return all.empty() ? "none" : all;
}

}  // namespace

ExploreReport::ExploreReport(std::uint64_t runs)
    : runs_{runs}, terminal_{host::process::terminal_on_stderr()} {}

double ExploreReport::seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

void ExploreReport::progress(const Progress& progress) const {
    if (!terminal_) return;
    fmt::print(stderr, "\r\x1b[K{}/{} runs, {:.0f}/s, {} schedules, {}/{} probes, {} failures",
               progress.runs, runs_, static_cast<double>(progress.runs) / seconds(),
               progress.schedules.size(), std::popcount(progress.probes), probe_names.size(),
               progress.failures.size());
    std::fflush(stderr);
}

void ExploreReport::clear() const {
    if (terminal_) fmt::print(stderr, "\r\x1b[K");
}

std::string ExploreReport::text(const Progress& progress, const std::string& meaning) const {
    const double time = seconds();
    std::string all = fmt::format(
        "{} runs in {:.1f} s ({:.0f}/s), {} events, {} distinct schedules; {} runs repeated, {} of "
        "them differed\nprobes reached: {}\nprobes never reached: {}\n",
        progress.runs, time, static_cast<double>(progress.runs) / time, progress.events,
        progress.schedules.size(), progress.repeated, progress.diverged.size(),
        probes_text(progress.probes, true), probes_text(progress.probes, false));
    if (progress.failures.empty() && progress.diverged.empty()) {
        all += "no failure. What that means:\n" + meaning;
    }
    return all;
}

std::string ExploreReport::json(const Progress& progress) const {
    using explore::Json;
    Json probes = Json::object();
    for (std::size_t i = 0; i < probe_names.size(); ++i) {
        probes[std::string{probe_names[i]}] = (progress.probes >> i & 1) != 0;
    }
    return Json{{"runs", progress.runs},
                {"seconds", seconds()},
                {"events", progress.events},
                {"schedules", progress.schedules.size()},
                {"repeated", progress.repeated},
                {"diverged", progress.diverged},
                {"failures", progress.failures.size()},
                {"interrupted", progress.interrupted},
                {"probes", probes}}
        .dump();
}

}  // namespace sim::cli
