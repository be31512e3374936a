#include "sim/testbed/power/workload_run.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "sim/machine/disk/bus.hpp"
#include "sim/machine/hosted.hpp"
#include "sim/testbed/bundle.hpp"
#include "sim/testbed/disks/cell_disks.hpp"

namespace sim::testbed::power {

namespace {

using machine::disk::block_bytes;
using machine::disk::BlockView;
using machine::disk::ConstBlockView;
using machine::disk::DiskSpec;

// Keeps the epochs of a disk, as crash::RecordingDevice does of a file system's device.
class Recorder final : public machine::disk::WriteLog {
public:
    Recorder(std::vector<std::byte> image, bool ignore_flushes) : lies_{ignore_flushes} {
        recording_.image = std::move(image);
        recording_.epochs.emplace_back();
    }

    void wrote(std::uint64_t block, ConstBlockView bytes) override {
        recording_.epochs.back().writes.push_back(
            {block * (block_bytes / crash::sector_bytes), {bytes.begin(), bytes.end()}});
    }
    void flushed() override {
        ++flushes_;
        if (lies_ || recording_.epochs.back().writes.empty()) return;
        const std::uint64_t mark = recording_.epochs.back().mark;
        recording_.epochs.emplace_back();
        recording_.epochs.back().mark = mark;
    }
    void mark(std::uint64_t value) { recording_.epochs.back().mark = value; }

    crash::Recording take() { return std::move(recording_); }
    [[nodiscard]] std::uint64_t flushes() const { return flushes_; }

private:
    bool lies_;
    std::uint64_t flushes_ = 0;
    crash::Recording recording_;
};

// Puts the pieces of result lines together, and takes what each says.
class Listener {
public:
    explicit Listener(Recorder& recorder) : recorder_{recorder} {}

    void hear(std::uint16_t env, std::string_view text) {
        std::string& line = partial_[env];
        for (const char c : text) {
            if (c != '\n') {
                line += c;
                continue;
            }
            recorder_.mark(++lines_);
            take(env, line);
            line.clear();
        }
    }

    std::map<std::uint16_t, WorkloadVolume>& volumes() { return volumes_; }

private:
    void take(std::uint16_t env, const std::string& line) {
        if (const auto place = read_volume(line)) {
            volumes_[env] = {.environment = {}, .place = *place, .since = lines_, .said = {}};
            return;
        }
        const auto volume = volumes_.find(env);
        if (volume == volumes_.end()) return;
        if (auto statement = read_statement(line)) {
            volume->second.said.push_back({lines_, std::move(*statement)});
        }
    }

    Recorder& recorder_;
    std::uint64_t lines_ = 0;
    std::map<std::uint16_t, std::string> partial_;
    std::map<std::uint16_t, WorkloadVolume> volumes_;
};

// A disk over bytes that are somebody else's and stay as they are.
class ViewImage final : public machine::disk::DiskImage {
public:
    explicit ViewImage(std::span<const std::byte> bytes) : bytes_{bytes} {}

    [[nodiscard]] std::uint64_t blocks() const override { return bytes_.size() / block_bytes; }
    bool read(std::uint64_t block, BlockView into) override {
        const auto found = written_.find(block);
        if (found != written_.end()) {
            std::ranges::copy(found->second, into.begin());
        } else {
            std::ranges::copy(bytes_.subspan(block * block_bytes, block_bytes), into.begin());
        }
        return true;
    }
    bool write(std::uint64_t block, ConstBlockView from) override {
        written_[block].assign(from.begin(), from.end());
        return true;
    }
    bool flush() override { return true; }

private:
    std::span<const std::byte> bytes_;
    std::unordered_map<std::uint64_t, std::vector<std::byte>> written_;
};

std::expected<std::vector<std::byte>, std::string> contents(DiskSpec& disk) {
    const std::uint64_t blocks = disk.image->blocks();
    if (blocks > recorded_bytes_max / block_bytes) {
        return std::unexpected(fmt::format("its first disk has {} MiB, expected at most {}",
                                           blocks * block_bytes >> 20, recorded_bytes_max >> 20));
    }
    std::vector<std::byte> bytes(blocks * block_bytes);
    for (std::uint64_t i = 0; i < blocks; ++i) {
        const std::span<std::byte> block{bytes.data() + i * block_bytes, block_bytes};
        if (!disk.image->read(i, BlockView{block})) {
            return std::unexpected("its first disk's image cannot be read");
        }
    }
    return bytes;
}

std::string end_of(const engine::CellResult& result) {
    if (!result.error.empty()) return result.error;
    if (result.outcome.exit_code == 0) return {};
    std::string text;
    for (const engine::EnvResult& env : result.envs) text += env.text;
    return fmt::format("exit code {}{}{}", result.outcome.exit_code, text.empty() ? "" : ": ",
                       text);
}

}  // namespace

std::expected<WorkloadRun, std::string> record_workload(const Scenario& scenario,
                                                        std::uint32_t cell,
                                                        bool ignore_flushes) {
    const Cell& own = scenario.cells[cell];
    if (own.machine.disks.empty()) return std::unexpected("it has no [[disk]] to crash");
    const std::uint32_t chosen[] = {cell};
    const auto bundle = make_bundle(scenario, chosen, {});
    if (!bundle) return std::unexpected(bundle.error());
    auto disks = disks::hosted_disks(own.machine, disks::Keeping::never);
    if (!disks) return std::unexpected(disks.error());
    auto bytes = contents(disks->front());
    if (!bytes) return std::unexpected(bytes.error());
    Recorder recorder{std::move(*bytes), ignore_flushes};
    Listener listener{recorder};
    disks->front().log = &recorder;
    machine::HostedOptions options;
    options.disks = std::move(*disks);
    options.on_result = [&](std::uint16_t env, std::string_view text) {
        listener.hear(env, text);
    };
    const engine::CellResult result = machine::run_hosted(*bundle, 0, options);
    if (const std::string end = end_of(result); !end.empty()) {
        return std::unexpected("the workload itself fails: " + end);
    }
    WorkloadRun run;
    for (const engine::EnvResult& env : result.envs) {
        const auto volume = listener.volumes().find(env.id);
        if (volume == listener.volumes().end()) continue;
        volume->second.environment = env.name;
        run.volumes.push_back(std::move(volume->second));
    }
    if (run.volumes.empty()) {
        return std::unexpected("no environment said where its volume lies and what it persisted, "
                               "expected programs like `persist`");
    }
    run.flushes = recorder.flushes();
    run.recording = recorder.take();
    return run;
}

std::expected<std::vector<std::byte>, std::string> look_bundle(const Scenario& scenario,
                                                               std::uint32_t cell) {
    Scenario looking = scenario;
    bool any = false;
    for (Environment& environment : looking.cells[cell].environments) {
        if (environment.program != "persist") continue;
        std::erase_if(environment.arguments,
                      [](const auto& argument) { return argument.first == "phase"; });
        environment.arguments.emplace_back("phase", "look");
        any = true;
    }
    if (!any) return std::unexpected("no environment runs `persist`, which can look");
    const std::uint32_t chosen[] = {cell};
    return make_bundle(looking, chosen, {});
}

std::expected<std::vector<LookedVolume>, std::string> look_on_machine(
    std::span<const std::byte> bundle, const Machine& machine, std::span<const std::byte> image) {
    machine::HostedOptions options;
    options.disks.push_back({.image = std::make_shared<ViewImage>(image)});
    for (std::size_t i = 1; i < machine.disks.size(); ++i) {
        options.disks.push_back({.image = std::make_shared<machine::disk::OverlayImage>(
                                     machine.disks[i].bytes / block_bytes)});
    }
    const engine::CellResult result = machine::run_hosted(bundle, 0, options);
    if (!result.error.empty()) return std::unexpected(result.error);
    std::vector<LookedVolume> all;
    for (const engine::EnvResult& env : result.envs) {
        all.push_back({env.name, read_look(env.results), env.info.exit_code});
    }
    return all;
}

}  // namespace sim::testbed::power
