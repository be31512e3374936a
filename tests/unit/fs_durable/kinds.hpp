// The file systems that lose nothing durable in a crash. Every test of this folder runs on each.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "libos/fs/cofs/cofs.hpp"
#include "libos/fs/log/log.hpp"

namespace tests::fs_durable {

template <class Fs>
struct KindOf;

template <>
struct KindOf<libos::fs::cofs::Cofs> {
    using CheckReport = libos::fs::cofs::CheckReport;
    static constexpr const char* name = "cofs";  // as commands know it
    static constexpr const char* label = name;
    static constexpr std::uint64_t calls_until_failure = 200;
};

struct CofsOneFlush : libos::fs::cofs::Cofs {
    template <class Device>
    CofsOneFlush(Device& device, std::span<std::byte> memory)
        : Cofs{device, memory, {.commit = libos::fs::cofs::Commit::one_flush}} {}
};

template <>
struct KindOf<CofsOneFlush> : KindOf<libos::fs::cofs::Cofs> {
    static constexpr const char* label = "cofs_one_flush";
};

// It writes less often.
template <>
struct KindOf<libos::fs::log::Log> {
    using CheckReport = libos::fs::log::CheckReport;
    static constexpr const char* name = "log";
    static constexpr const char* label = name;
    static constexpr std::uint64_t calls_until_failure = 600;
};

using Kinds = testing::Types<libos::fs::cofs::Cofs, CofsOneFlush, libos::fs::log::Log>;

struct KindNames {
    template <class Fs>
    static std::string GetName(int) {
        return KindOf<Fs>::label;
    }
};

// What the check of an unmounted disk finds; empty: nothing.
template <class Fs, class Device>
std::string problems_on(Device& device, std::span<std::byte> memory) {
    typename KindOf<Fs>::CheckReport report;
    if (!Fs::check(device, memory, report, false)) return "the check did not end";
    if (report.problems == 0) return {};
    return std::to_string(report.problems) + " problems: " +
           std::string{describe(report.findings[0].problem)};
}

}  // namespace tests::fs_durable
