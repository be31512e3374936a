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
    static constexpr std::uint64_t calls_until_failure = 200;
};

// It writes less often.
template <>
struct KindOf<libos::fs::log::Log> {
    using CheckReport = libos::fs::log::CheckReport;
    static constexpr const char* name = "log";
    static constexpr std::uint64_t calls_until_failure = 600;
};

using Kinds = testing::Types<libos::fs::cofs::Cofs, libos::fs::log::Log>;

struct KindNames {
    template <class Fs>
    static std::string GetName(int) {
        return KindOf<Fs>::name;
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
