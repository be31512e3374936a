#include "sim/testbed/ace/formats.hpp"

#include "sim/testbed/ace/format_types.hpp"

namespace sim::testbed::ace {

namespace {

template <class Format>
LineResult run(const Workload& workload, const LineOptions& options) {
    Format format;
    return run_line(format, workload, options);
}

struct Named {
    std::string_view name;
    RunLine run;
};

constexpr Named all[] = {{CofsFormat::name, &run<CofsFormat>},
                         {LogFormat::name, &run<LogFormat>},
                         {FatFormat::name, &run<FatFormat>}};

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
