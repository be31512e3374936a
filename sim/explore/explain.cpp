#include "sim/explore/explain.hpp"

#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "sim/host/file/temporary_folder.hpp"
#include "sim/host/process/worker.hpp"
#include "sim/testbed/event_text.hpp"

namespace sim::explore {

namespace {

constexpr std::size_t frames_max = 6;

std::string of_disk(const Decision& one) {
    const std::uint64_t at = one.at, value = one.value;
    switch (one.kind) {
        case DecisionKind::disk_late:
            return fmt::format("disk request number {} is done at look {}", at, value);
        case DecisionKind::disk_error: return fmt::format("disk request number {} fails", at);
        case DecisionKind::disk_latent:
            return fmt::format("the block that is read as number {} cannot be", at);
        case DecisionKind::disk_torn:
            return fmt::format("of the {}. block that is lost with the power some sectors are "
                               "written (draw {})", at, value);
        case DecisionKind::disk_misdirected:
            return fmt::format("the {}. block that is written goes {} blocks further", at, value);
        case DecisionKind::disk_rot:
            return fmt::format("a bit of the block that is read as number {} has become another "
                               "(draw {})", at, value);
        default: return {};
    }
}

std::string what(const Decision& one) {
    switch (one.kind) {
        case DecisionKind::stall:
            return fmt::format("core {} stands still for {} ns{} after its event {}", one.core,
                               one.value,
                               one.after == 0 ? "" : fmt::format(", {} ns", one.after), one.at);
        case DecisionKind::kill:
            return fmt::format("the environment that runs next on core {} after its event {} is "
                               "killed", one.core, one.at);
        case DecisionKind::allocation:
            return fmt::format("core {}'s frame number {} is refused", one.core, one.at);
        case DecisionKind::message:
            return fmt::format("core {}'s message number {} is {} ns late", one.core, one.at,
                               one.value);
        case DecisionKind::timer:
            return fmt::format("core {} wakes {} ns late, the time number {}", one.core, one.value,
                               one.at);
        case DecisionKind::interrupt:
            return fmt::format("core {} sees interrupts that nobody sent, look number {}", one.core,
                               one.at);
        case DecisionKind::translation:
            return fmt::format("core {} {} some translations after its event {}", one.core,
                               (one.value & 2) != 0 ? "makes" : "drops", one.at);
        case DecisionKind::publication:
            return fmt::format("{} ns pass before core {}'s ring message number {} is published",
                               one.value, one.core, one.at);
        case DecisionKind::wait:
            return fmt::format("core {}'s wait number {} looks again without sleeping", one.core,
                               one.at);
        case DecisionKind::frame:
            return fmt::format("a libOS on core {} is refused its frame number {}", one.core,
                               one.at);
        case DecisionKind::revocation:
            return fmt::format("core {} stands still until {} ns {} the deadline of its "
                               "revocation number {}",
                               one.core, one.value / 2, one.value % 2 != 0 ? "before" : "after",
                               one.at);
        default: return of_disk(one);
    }
}

std::string paragraph(const Recorder& recorder, const Decision& one,
                      const kernel::abi::Event* event, const Subject& subject) {
    std::string all = what(one);
    if (event != nullptr) {
        all += ": " + testbed::event_text(*event, subject.several_cores);
    }
    while (all.ends_with('\n')) all.pop_back();
    all += '\n';
    for (std::uint32_t core = 0; core < subject.baseline.cores; ++core) {
        const auto stack = recorder.machine().stack_of(core);
        if (stack.empty()) continue;
        all += fmt::format("    core {}:", core);
        for (std::size_t i = 0; i < stack.size() && i < frames_max; ++i) {
            all += (i == 0 ? " " : " < ") + stack[i];
        }
        all += '\n';
    }
    return all;
}

}  // namespace

[[gnu::noinline]] void decision_takes_effect(const Decision& decision) {
    asm volatile("" : : "r"(&decision) : "memory");
}

std::string explain(const Subject& subject, const Decisions& decisions, std::uint64_t start,
                    std::size_t most) {
    const host::file::TemporaryFolder folder;
    if (!folder.valid()) return "cannot make a temporary folder for an explanation\n";
    const std::string path = folder.file("explained");
    const auto work = [&](std::uint32_t) {
        std::ofstream out{path, std::ios::trunc};
        std::size_t count = 0;
        Replay again{decisions};
        (void)run(subject, again, start,
                  [&](const Recorder& recorder, const Decision& one,
                      const kernel::abi::Event* event) {
                      if (++count > most) return;
                      out << count << ". " << paragraph(recorder, one, event, subject)
                          << std::flush;
                  });
        return std::string{};
    };
    host::process::run_jobs({.jobs = 1}, work, [](const host::process::JobEnd&) {});
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
}

}  // namespace sim::explore
