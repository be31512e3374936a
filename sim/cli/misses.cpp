#include "sim/cli/misses.hpp"

#include <charconv>
#include <cstdio>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "libos/policy/replacement.hpp"
#include "sim/cli/command.hpp"
#include "sim/testbed/misses.hpp"
#include "sim/testbed/trace/read_trace.hpp"

namespace sim::cli {

namespace {

constexpr int exit_done = 0;
constexpr int exit_bad_input = 1;
constexpr int exit_usage = 2;

struct Request {
    std::string trace;
    std::string policy;
    std::string frames;
    std::string format;
    std::uint64_t seed = 1;
    bool sizes = false;
    bool json = false;
};

int fail(int code, const std::string& message) {
    std::fprintf(stderr, "chitin misses: %s\n", message.c_str());
    return code;
}

/// log2 of the unit that `suffix` names; nothing if it names none.
std::optional<unsigned> unit_shift(std::string_view suffix, bool sizes) {
    if (suffix.empty()) return 0;
    if (!sizes) return std::nullopt;
    if (suffix == "KiB") return 10;
    if (suffix == "MiB") return 20;
    if (suffix == "GiB") return 30;
    return std::nullopt;
}

std::expected<std::uint64_t, std::string> parse_capacity(const std::string& text, bool sizes) {
    const std::string problem =
        sizes ? "--frames: expected bytes of at least 1, such as 4096 or 128MiB, found \""
              : "--frames: expected a number of frames of at least 1, found \"";
    std::uint64_t number = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number);
    const auto shift = unit_shift({end, static_cast<std::size_t>(last - end)}, sizes);
    const bool good = error == std::errc{} && number > 0 && shift.has_value() &&
                      number <= (libos::policy::capacity_max >> *shift);
    if (!good) return std::unexpected(problem + text + "\"");
    return number << *shift;
}

void print_json(const Request& request, std::uint64_t capacity, std::uint64_t misses,
                const testbed::trace::Trace& trace) {
    nlohmann::ordered_json result;
    result["trace"] = request.trace;
    result["policy"] = request.policy;
    result[request.sizes ? "bytes" : "frames"] = capacity;
    result["seed"] = request.seed;
    result["references"] = trace.references();
    result["pages"] = trace.pages();
    result["misses"] = misses;
    result["miss_ratio"] =
        static_cast<double>(misses) / static_cast<double>(trace.references());
    using Json = nlohmann::ordered_json;
    const std::string line = result.dump(-1, ' ', false, Json::error_handler_t::replace);
    std::printf("%s\n", line.c_str());
}

int run(const Request& request) {
    const auto capacity = parse_capacity(request.frames, request.sizes);
    if (!capacity) return fail(exit_usage, capacity.error());
    if (!testbed::policy_known(request.policy)) {
        return fail(exit_usage, "--policy: unknown policy \"" + request.policy +
                                    "\"; known: " + testbed::known_policies());
    }
    testbed::trace::ReadOptions options{.format = {}, .weights = request.sizes};
    if (!request.format.empty()) {
        options.format = testbed::trace::format_named(request.format);
        if (!options.format) {
            return fail(exit_usage, "--format: unknown format \"" + request.format +
                                        "\"; known: " + testbed::trace::format_names());
        }
    }
    const auto trace = testbed::trace::read_trace(request.trace, options);
    if (!trace) return fail(exit_bad_input, trace.error().message);
    const auto misses = testbed::count_misses(*trace, request.policy, *capacity,
                                              {.sizes = request.sizes, .seed = request.seed});
    if (!misses) return fail(exit_bad_input, misses.error());
    if (request.json) {
        print_json(request, *capacity, *misses, *trace);
    } else {
        std::printf("%llu\n", static_cast<unsigned long long>(*misses));
    }
    return exit_done;
}

}  // namespace

void add_misses(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const misses =
        app.add_subcommand("misses", "Count a replacement policy's misses over a trace");
    misses->add_option("trace", request->trace, "Trace file, plain or gzip, xz or zstd")
        ->required();
    misses->add_option("-p,--policy", request->policy, "Replacement policy")->required();
    misses->add_option("-n,--frames", request->frames,
                       "Capacity in frames; with --sizes in bytes (KiB, MiB, GiB allowed)")
        ->required();
    misses->add_flag("--sizes", request->sizes, "Weigh objects by their recorded size");
    misses->add_option("--format", request->format,
                       "Trace format: " + testbed::trace::format_names());
    misses->add_option("--seed", request->seed, "Seed of the policy's random choices")
        ->capture_default_str();
    misses->add_flag("--json", request->json, "Print one JSON object instead of one integer");
    misses->callback([request, &exit_code] { exit_code = run(*request); });
}

}  // namespace sim::cli
