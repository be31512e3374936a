#pragma once

/// One workload over every crash: run, crash, recover, mount, compare, use, check.
///
/// What a Format is: format_types.hpp.

#include <memory>
#include <string>
#include <vector>

#include "sim/testbed/ace/executor.hpp"
#include "sim/testbed/crash/crash_states.hpp"

namespace sim::testbed::ace {

/// The device that a line is run on.
inline constexpr std::uint32_t block_size = 512;
inline constexpr std::uint64_t device_bytes = 4 << 20;

struct LineOptions {
    crash::CrashBounds bounds;
    bool ignore_flushes = false;  ///< the device lies: a control, which must fail
};

/// What a crash broke.
struct Breach {
    std::uint64_t state = 0;
    std::string where;  ///< the crash state, in words
    std::string what;
};

struct LineResult {
    std::uint64_t line = 0;
    std::string text;
    std::uint64_t states = 0;
    bool promised = false;             ///< some call promised something
    bool not_supported = false;        ///< the format has no word for a statement
    std::vector<Refusal> refusals;
    std::vector<Breach> breaches;      ///< the first one

    [[nodiscard]] bool passed() const { return breaches.empty(); }
};

namespace detail {

// New files can be made in every directory, and removed.
template <class F>
std::string use(F& fs, const crash::Picture& picture) {
    for (const auto& [path, seen] : picture) {
        if (seen.attributes.kind != libos::fs::Kind::directory) continue;
        const auto made = fs.create(seen.attributes.inode, "new", {});
        const char byte[] = "x";
        const bool good = made && fs.write(*made, 0, std::as_bytes(std::span{byte})) &&
                          fs.unlink(seen.attributes.inode, "new");
        if (!good) return "no file can be made and removed in \"" + path + "\"";
    }
    const auto synced = fs.sync();
    return synced ? "" : "cannot be synced afterwards";
}

template <class Format>
std::string judge(Format& format, std::span<std::byte> memory, crash::CrashDevice& device,
                  const Promises& promises) {
    using F = typename Format::template Type<crash::CrashDevice>;
    const auto number = [](libos::fs::Error error) {
        return std::to_string(static_cast<int>(error));
    };
    if (const auto recovered = format.recover(device, memory); !recovered) {
        return "cannot be recovered: error " + number(recovered.error());
    }
    {
        const auto fs = std::make_unique<F>(device, memory);
        if (const auto mounted = fs->mount(); !mounted) {
            return "cannot be mounted: error " + number(mounted.error());
        }
        const auto picture = crash::take_picture(*fs);
        if (!picture) {
            return "\"" + picture.error().path + "\" cannot be read: error " +
                   number(picture.error().error);
        }
        std::string words = promises.broken(*picture);
        if (words.empty()) words = use(*fs, *picture);
        if (!words.empty()) return words;
        if (!fs->unmount()) return "cannot be unmounted";
    }
    const std::string words = format.check(device, memory);
    return words.empty() ? "" : "check: " + words;
}

}  // namespace detail

template <class Format>
LineResult run_line(Format& format, const Workload& workload, const LineOptions& options) {
    LineResult result;
    result.line = workload.line;
    result.text = workload.text;
    std::vector<std::byte> memory = format.memory(device_bytes, block_size);
    const auto broke = [&result](const std::string& where, const std::string& what) {
        result.breaches.push_back({0, where, what});
        return result;
    };
    crash::CrashDevice blank{std::vector<std::byte>(device_bytes), block_size};
    if (!format.format(blank, memory)) return broke("before any crash", "cannot be formatted");
    crash::RecordingDevice device{blank.image(), block_size, options.ignore_flushes};
    using F = typename Format::template Type<crash::RecordingDevice>;
    const auto fs = std::make_unique<F>(device, memory);
    if (!fs->mount()) return broke("before any crash", "cannot be mounted");
    Executor<F> executor{*fs, device};
    const auto ran = executor.run(workload);
    result.refusals = executor.refusals();
    for (const Refusal& refusal : result.refusals) {
        result.not_supported |= refusal.error == libos::fs::Error::not_supported;
    }
    if (!ran) return broke("before any crash", ran.error());
    result.promised = !executor.promises().back().empty();
    crash::CrashStates states{device.recording(), block_size, options.bounds};
    result.states = states.for_each([&](crash::CrashDevice& crashed,
                                        const crash::CrashState& state) {
        const std::string what =
            detail::judge(format, memory, crashed, executor.promises().at(state.mark));
        if (!what.empty()) result.breaches.push_back({state.number, state.text, what});
        return what.empty();
    });
    return result;
}

}  // namespace sim::testbed::ace
