#include "sim/testbed/boot/run_bare.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <memory>

#include "kernel/entry.hpp"
#include "sim/testbed/boot/qemu.hpp"

namespace sim::testbed::boot {
namespace {

using Results = std::vector<engine::CellResult>;

constexpr std::uint64_t memory_mib_max = 2048;  // q35's RAM below 4 GiB, in one piece
constexpr int poll_ms = 100;
constexpr std::uint32_t parts_per_job = 3;      // so that no machine waits long for the last

std::string refusal(std::span<const std::byte> bundle, const BareOptions& options) {
    if (!host::child::program_exists(options.qemu)) {
        return options.qemu + " is not installed: apt-get install qemu-system-x86";
    }
    const std::string& boots = options.iso.empty() ? options.image : options.iso;
    std::error_code error;
    if (!std::filesystem::is_regular_file(boots, error)) return "no such image: " + boots;
    if (const char* wrong = kernel::bundle_check(bundle.data(), bundle.size())) return wrong;
    if (memory_mib(bundle) > memory_mib_max) {
        return "the bundle needs " + std::to_string(memory_mib(bundle)) +
               " MiB of memory; the bare machine has at most " + std::to_string(memory_mib_max);
    }
    if (disks_most(bundle) > options.disks.size()) {
        return "a cell has " + std::to_string(disks_most(bundle)) +
               " disks, the machine was given " + std::to_string(options.disks.size());
    }
    return {};
}

// Cells with disks have a machine each: what one writes no other may find.
std::deque<CellRange> divide(std::span<const std::byte> bundle, const BareOptions& options) {
    const std::uint32_t cells = header_of(bundle).cell_count;
    const std::uint32_t machines =
        disks_most(bundle) > 0 ? cells
        : options.jobs > 1     ? std::min(cells, options.jobs * parts_per_job)
                               : 1;
    const std::uint32_t parts = options.iso.empty() ? machines : 1;
    std::deque<CellRange> all;
    for (std::uint32_t i = 0; i < parts; ++i) {
        const auto bound = [&](std::uint64_t part) {
            return static_cast<std::uint32_t>(cells * part / parts);
        };
        all.push_back(CellRange{bound(i), bound(i + 1) - bound(i)});
    }
    return all;
}

// The machines that run now, and the parts that wait for one.
class Farm {
public:
    Farm(std::span<const std::byte> bundle, const BareOptions& options)
        : bundle_{bundle},
          options_{options},
          waiting_{divide(bundle, options)} {}

    std::expected<Results, std::string> run() {
        while (!waiting_.empty() || !running_.empty()) {
            if (options_.interrupted && options_.interrupted()) break;
            if (auto wrong = start_some(); !wrong.empty()) return std::unexpected(wrong);
            wait();
            step_all();
        }
        running_.clear();  // kills what is left after an interruption
        std::ranges::sort(results_, {}, &engine::CellResult::cell);
        return std::move(results_);
    }

private:
    std::string start_some() {
        while (!waiting_.empty() && running_.size() < std::max(1u, options_.jobs)) {
            auto qemu = Qemu::start(bundle_, waiting_.front(), options_);
            if (!qemu) return qemu.error();
            running_.push_back(std::move(*qemu));
            waiting_.pop_front();
        }
        return {};
    }

    void wait() {
        std::vector<host::child::Child*> children;
        for (const auto& qemu : running_) children.push_back(&qemu->child());
        host::child::wait_any(children, poll_ms);
    }

    void step_all() {
        std::erase_if(running_, [this](const std::unique_ptr<Qemu>& qemu) {
            const bool going = qemu->step();
            for (engine::CellResult& result : qemu->take_finished()) {
                if (options_.on_cell) options_.on_cell(result);
                results_.push_back(std::move(result));
            }
            // An ISO cannot be told to begin later.
            if (!going && qemu->left().count > 0 && options_.iso.empty()) {
                waiting_.push_front(qemu->left());
            }
            return !going;
        });
    }

    std::span<const std::byte> bundle_;
    const BareOptions& options_;
    std::deque<CellRange> waiting_;
    std::vector<std::unique_ptr<Qemu>> running_;
    Results results_;
};

}  // namespace

std::expected<Results, std::string> run_bare(std::span<const std::byte> bundle,
                                             const BareOptions& options) {
    if (std::string wrong = refusal(bundle, options); !wrong.empty()) {
        return std::unexpected(std::move(wrong));
    }
    return Farm{bundle, options}.run();
}

}  // namespace sim::testbed::boot
