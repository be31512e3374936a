#include "sim/explore/replay_file.hpp"

#include <fstream>
#include <sstream>

#include "sim/explore/report_codec.hpp"

namespace sim::explore {

namespace {

constexpr const char* format_name = "chitin replay 1";

// Reads the fields of an object; remembers the first that is missing or of another type.
class Fields {
public:
    explicit Fields(const Json& json) : json_{json} {}

    void text(const char* name, std::string& into) {
        if (const Json* value = find(name, "text", &Json::is_string)) {
            into = value->get<std::string>();
        }
    }
    template <class T>
    void number(const char* name, T& into) {
        const Json* value = find(name, "a number", &Json::is_number_unsigned);
        if (value == nullptr) return;
        const auto wide = value->get<std::uint64_t>();
        into = static_cast<T>(wide);
        if (into != wide) wrong_ = "\"" + std::string{name} + "\": the number is too large";
    }
    [[nodiscard]] const std::string& wrong() const { return wrong_; }

private:
    const Json* find(const char* name, const char* expected, bool (Json::*is)() const noexcept) {
        if (!wrong_.empty()) return nullptr;
        const auto at = json_.find(name);
        if (at != json_.end() && (*at.*is)()) return &*at;
        wrong_ = "\"" + std::string{name} + "\": expected " + expected;
        return nullptr;
    }

    const Json& json_;
    std::string wrong_;
};

Json workload_json(const ArgumentChanges& changes) {
    Json all = Json::array();
    for (const ArgumentChange& one : changes) {
        all.push_back(
            {{"environment", one.environment}, {"name", one.name}, {"value", one.value}});
    }
    return all;
}

// Error: what was expected.
std::expected<ArgumentChanges, std::string> workload_of(const Json& json) {
    if (!json.is_array()) return std::unexpected("\"workload\": expected a list");
    ArgumentChanges all;
    for (const Json& one : json) {
        ArgumentChange change;
        Fields fields{one};
        fields.number("environment", change.environment);
        fields.text("name", change.name);
        fields.text("value", change.value);
        if (!fields.wrong().empty()) return std::unexpected("\"workload\": " + fields.wrong());
        all.push_back(std::move(change));
    }
    return all;
}

}  // namespace

std::expected<void, std::string> write_replay(const std::string& path, const ReplayFile& file) {
    const Json json{{"format", format_name},
                    {"name", file.name},
                    {"failure", name_of(file.failure)},
                    {"text", file.text},
                    {"strategy", file.strategy},
                    {"run", file.run},
                    {"seed", file.seed},
                    {"cell", file.cell},
                    {"decisions", to_json(file.decisions)},
                    {"workload", workload_json(file.workload)},
                    {"check_every", file.check_every},
                    {"check_start", file.check_start},
                    {"cores", file.baseline.cores},
                    {"slice_ns", file.baseline.slice_ns},
                    {"baseline_events", file.baseline.events},
                    {"baseline_time_ns", file.baseline.time_ns},
                    {"base_folder", file.base_folder},
                    {"scenario", file.scenario}};
    std::ofstream out{path, std::ios::trunc};
    out << json.dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
    out.flush();
    if (!out) return std::unexpected(path + ": cannot be written");
    return {};
}

std::expected<ReplayFile, std::string> read_replay(const std::string& path) {
    std::ifstream in{path};
    if (!in) return std::unexpected(path + ": cannot be read");
    std::stringstream all;
    all << in.rdbuf();
    const Json json = Json::parse(all.str(), nullptr, false);
    if (!json.is_object() || json.value("format", Json{}) != format_name) {
        return std::unexpected(path +
                               ": expected a file that `chitin explore` wrote (\"format\": \"" +
                               format_name + "\")");
    }
    ReplayFile file;
    Fields fields{json};
    std::string failure;
    fields.text("name", file.name);
    fields.text("failure", failure);
    fields.text("text", file.text);
    fields.text("strategy", file.strategy);
    fields.number("run", file.run);
    fields.number("seed", file.seed);
    fields.number("cell", file.cell);
    fields.number("check_every", file.check_every);
    fields.number("check_start", file.check_start);
    fields.number("cores", file.baseline.cores);
    fields.number("slice_ns", file.baseline.slice_ns);
    fields.number("baseline_events", file.baseline.events);
    fields.number("baseline_time_ns", file.baseline.time_ns);
    fields.text("base_folder", file.base_folder);
    fields.text("scenario", file.scenario);
    if (!fields.wrong().empty()) return std::unexpected(path + ": " + fields.wrong());
    file.failure = failure_of(failure);
    if (file.failure == Failure::none) {
        return std::unexpected(path + ": \"failure\": expected crash, checker, violation, ended or "
                                      "endless");
    }
    auto decisions = decisions_of(json.value("decisions", Json{}));
    if (!decisions) return std::unexpected(path + ": " + decisions.error());
    file.decisions = std::move(*decisions);
    auto workload = workload_of(json.value("workload", Json{}));
    if (!workload) return std::unexpected(path + ": " + workload.error());
    file.workload = std::move(*workload);
    return file;
}

}  // namespace sim::explore
