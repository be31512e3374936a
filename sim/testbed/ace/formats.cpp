#include "sim/testbed/ace/formats.hpp"

#include "libos/fs/cofs/cofs.hpp"

namespace sim::testbed::ace {

namespace {

using libos::fs::cofs::Cofs;

struct CofsFormat {
    static constexpr std::string_view name = "cofs";
    static constexpr std::uint32_t block_size = 512;
    static constexpr std::uint64_t device_bytes = 4 << 20;
    template <class D>
    using Type = Cofs;

    static std::vector<std::byte> memory() {
        return std::vector<std::byte>(Cofs::check_memory_needed(device_bytes / 4096, 64));
    }
    template <class D>
    static libos::fs::Result<void> format(D& device, std::span<std::byte> memory) {
        return Cofs::format(device, memory);
    }
    template <class D>
    static std::string check(D& device, std::span<std::byte> memory) {
        libos::fs::cofs::CheckReport report;
        const auto checked = Cofs::check(device, memory, report, false);
        if (!checked) return "error " + std::to_string(static_cast<int>(checked.error()));
        if (report.problems == 0) return {};
        return std::string{libos::fs::cofs::describe(report.findings[0].problem)};
    }
};

template <class Format>
LineResult run(const Workload& workload, const LineOptions& options) {
    Format format;
    return run_line(format, workload, options);
}

struct Named {
    std::string_view name;
    RunLine run;
};

constexpr Named all[] = {{CofsFormat::name, &run<CofsFormat>}};

}  // namespace

std::optional<RunLine> runner_named(std::string_view format) {
    for (const Named& named : all) {
        if (named.name == format) return named.run;
    }
    return {};
}

std::string format_names() {
    std::string names;
    for (const Named& named : all) {
        names += (names.empty() ? "" : " ") + std::string{named.name};
    }
    return names;
}

}  // namespace sim::testbed::ace
