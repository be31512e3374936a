#include "tests/fuzz/calls_run.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "kernel/abi/start.hpp"
#include "kernel/base/assert.hpp"
#include "sim/checkers/conservation.hpp"
#include "sim/machine/gate.hpp"
#include "sim/machine/hosted.hpp"
#include "sim/models/cost_profiles.hpp"
#include "sim/models/disk_profiles.hpp"
#include "tests/fuzz/onlooker.hpp"

// In the place of sim/host's: an environment that breaks its own libOS's rules (unmasks within its
// handler, writes over its heap) has found nothing. It ends as on the bare machine, by a trap.
void kernel::base::assert_failed(const char* file, int line) {
    if (chitin_context != nullptr) __builtin_trap();
    std::fprintf(stderr, "%s:%d: assertion failed\n", file, line);
    std::abort();
}

extern "C" [[noreturn]] void chitin_program_sequence(kernel::abi::StartBlock& start);

namespace tests::fuzz {

namespace {

// Named here so that the linker takes the program from the first library that has it: the one
// without sanitizers.
[[gnu::used]] const auto program = &chitin_program_sequence;

using scenarios::sequence::DiskModel;
using scenarios::sequence::Plan;
using scenarios::sequence::plan_of;

constexpr std::uint32_t pool_frames = 512;  // a core's
constexpr double patience_seconds = 2;      // with an environment that does not enter the kernel
// Far more than the longest sequence needs: each step is carried out 40 times at most.
constexpr sim::explore::Limits limits{.events = 100'000, .time_ns = 20'000'000'000'000};

sim::testbed::Environment root_of(std::uint32_t core, const std::string& script) {
    sim::testbed::Environment root;
    root.name = "root" + std::to_string(core);
    root.program = "sequence";
    root.limit_frames = pool_frames;
    root.core = core;
    root.arguments = {{"script", script}};
    return root;
}

// Some of everything, short beside a slice, so that steps meet requests under way.
constexpr kernel::abi::ServiceProfile quick{.command = 2000,
                                            .read_access = 10'000,
                                            .write_access = 5000,
                                            .read_block = 1000,
                                            .write_block = 2000,
                                            .channels = 4,
                                            .cache_blocks = 16,
                                            .cache_block = 500,
                                            .flush = 20'000};

kernel::abi::ServiceProfile service_of(DiskModel model) {
    kernel::abi::ServiceProfile service = quick;
    if (model == DiskModel::ideal) return sim::models::disk_profile("ideal").value();
    if (model == DiskModel::nvme) return sim::models::disk_profile("nvme").value();
    if (model == DiskModel::one_channel) service.channels = 1;
    return service;
}

sim::testbed::Disk disk_of(const Plan& plan) {
    sim::testbed::Disk disk;
    disk.name = "disk";
    disk.bytes = disk_bytes;
    disk.service = service_of(plan.disk_model);
    return disk;
}

sim::testbed::Cell cell_of(const Bytes& sequence, const std::string& name) {
    const Plan plan = plan_of(sequence);
    sim::testbed::Cell cell;
    cell.name = name;
    cell.machine.pool_frames = pool_frames * plan.cores;
    cell.machine.cores = plan.cores;
    cell.machine.slice_ns = plan.slice_ns;
    cell.machine.costs = sim::models::cost_profile("default").value();
    if (plan.disk) cell.machine.disks.push_back(disk_of(plan));
    const std::string script = text_of(sequence.empty() ? Bytes{0} : sequence);
    for (std::uint32_t core = 0; core < plan.cores; ++core) {
        cell.environments.push_back(root_of(core, script));
    }
    return cell;
}

// Who says that any place is in the code by which it resumes goes back, with every upcall, to where
// it was before: it may go round for ever, and the kernel does what it is asked.
bool may_circle(std::span<const std::uint8_t> sequence) {
    using namespace scenarios::sequence;
    for (std::size_t i = 0; i < count_of(sequence); ++i) {
        const Step step = step_of(sequence, i);
        if (step.operation == write_page && step.argument[0] % page_fields >= page_field_resume) {
            return true;
        }
    }
    return false;
}

void judge(Verdict& verdict, const Onlooker& onlooker, bool circles) {
    const auto& result = verdict.result;
    if (!onlooker.failure().empty()) {
        verdict.finding = onlooker.failure();
    } else if (onlooker.endless()) {
        if (circles) return;
        verdict.finding = "it does not end: " + std::to_string(onlooker.events()) + " events";
    } else if (result.trace_events == 0) {
        verdict.finding = "the machine did not start: " + result.error;
    } else if (result.error.starts_with("disk ")) {
        verdict.finding = result.error;  // what the kernel did to it
    } else if (result.outcome.frames_lost != 0) {
        verdict.finding = std::to_string(result.outcome.frames_lost) + " frames were not returned";
    }
}

unsigned nibble(char digit) {
    if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
    if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10;
    return 16;
}

bool parse(const std::string& line, Bytes& bytes) {
    if (line.size() % 2 != 0) return false;
    for (std::size_t i = 0; i < line.size(); i += 2) {
        const unsigned high = nibble(line[i]);
        const unsigned low = nibble(line[i + 1]);
        if (high > 15 || low > 15) return false;
        bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
    }
    return true;
}

}  // namespace

std::string text_of(std::span<const std::uint8_t> sequence) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : sequence) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::vector<Bytes> read_corpus(const std::string& path) {
    std::ifstream file{path};
    if (!file) throw std::runtime_error(path + ": cannot be read");
    std::vector<Bytes> all;
    std::string line;
    for (std::size_t number = 1; std::getline(file, line); ++number) {
        if (line.empty() || line.front() == '#') continue;
        if (!parse(line, all.emplace_back())) {
            throw std::runtime_error(path + ":" + std::to_string(number) +
                                     ": expected hexadecimal digits in pairs");
        }
    }
    return all;
}

std::vector<std::byte> bundle_of(std::span<const Bytes> sequences, bool trace_full,
                                 std::span<const sim::testbed::ProgramFile> programs) {
    sim::testbed::Scenario scenario;
    std::vector<std::uint32_t> chosen;
    for (const Bytes& sequence : sequences) {
        chosen.push_back(static_cast<std::uint32_t>(chosen.size()));
        scenario.cells.push_back(cell_of(sequence, "sequence" + std::to_string(chosen.back())));
    }
    return sim::testbed::make_bundle(scenario, chosen,
                                     {.trace_full = trace_full, .programs = programs})
        .value();
}

Verdict run(std::span<const std::uint8_t> sequence, bool trace_full) {
    const Plan plan = plan_of(sequence);
    Wishes wishes;
    Onlooker onlooker{wishes, sequence, limits, plan.cores};
    sim::machine::HostedOptions options;
    options.director = &onlooker;
    options.watchdog_seconds = patience_seconds;
    options.tlb_pages = 2048;
    if (plan.disk) {
        const auto image = std::make_shared<sim::machine::disk::OverlayImage>(
            scenarios::sequence::disk_blocks);
        options.disks.push_back({image, false});
    }
    std::uint64_t next = plan.check_every;
    options.verify = [&](std::span<std::byte> pool) {
        if (!onlooker.begun() || --next != 0) return;
        next = plan.check_every;
        onlooker.fail(sim::checkers::verify_conservation(pool));
    };
    const Bytes only{sequence.begin(), sequence.end()};
    Verdict verdict;
    verdict.result = sim::machine::run_hosted(bundle_of({&only, 1}, trace_full), 0, options);
    judge(verdict, onlooker, may_circle(sequence));
    return verdict;
}

}  // namespace tests::fuzz
