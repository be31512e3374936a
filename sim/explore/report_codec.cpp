#include "sim/explore/report_codec.hpp"

namespace sim::explore {

Json to_json(const Decisions& decisions) {
    Json all = Json::array();
    for (const Decision& one : decisions) {
        all.push_back({{"kind", name_of(one.kind)},
                       {"core", one.core},
                       {"at", one.at},
                       {"value", one.value}});
        if (one.after != 0) all.back()["after"] = one.after;
    }
    return all;
}

std::string kinds_text() {
    std::string all;
    for (const std::string_view name : kind_names) all += " " + std::string{name};
    return all;
}

std::expected<Decisions, std::string> decisions_of(const Json& json) {
    if (!json.is_array()) return std::unexpected("\"decisions\": expected a list");
    Decisions all;
    for (const Json& one : json) {
        const auto wrong = [&all](const std::string& what) {
            return std::unexpected("decisions[" + std::to_string(all.size()) + "]: " + what);
        };
        if (!one.is_object()) return wrong("expected an object");
        const auto kind = kind_of(one.value("kind", Json{}).is_string()
                                      ? one["kind"].get<std::string>()
                                      : std::string{});
        if (!kind) return wrong("\"kind\": expected one of" + kinds_text());
        for (const char* name : {"core", "at", "value"}) {
            if (!one.value(name, Json{}).is_number_unsigned()) {
                return wrong("\"" + std::string{name} + "\": expected a number");
            }
        }
        const Json after = one.value("after", Json(0u));
        if (!after.is_number_unsigned()) return wrong("\"after\": expected a number");
        if (one["core"].get<std::uint64_t>() >= engine::Promises::cores_max) {
            return wrong("\"core\": expected 0 to 63");
        }
        all.push_back({*kind, one["core"].get<std::uint32_t>(), one["at"].get<std::uint64_t>(),
                       one["value"].get<std::uint64_t>(), after.get<std::uint64_t>()});
    }
    return all;
}

Json to_json(const RunReport& report) {
    return {{"failure", name_of(report.failure)}, {"text", report.text},
            {"decisions", to_json(report.decisions)}, {"probes", report.probes},
            {"events", report.events}, {"time_ns", report.time_ns}, {"hash", report.hash}};
}

RunReport report_of(const Json& json) {
    RunReport report;
    report.failure = failure_of(json.at("failure").get<std::string>());
    report.text = json.at("text").get<std::string>();
    report.decisions = decisions_of(json.at("decisions")).value();
    report.probes = json.at("probes").get<std::uint64_t>();
    report.events = json.at("events").get<std::uint64_t>();
    report.time_ns = json.at("time_ns").get<std::uint64_t>();
    report.hash = json.at("hash").get<std::uint64_t>();
    return report;
}

Failure failure_of(std::string_view name) {
    for (unsigned i = 0; i <= static_cast<unsigned>(Failure::endless); ++i) {
        if (name_of(static_cast<Failure>(i)) == name) return static_cast<Failure>(i);
    }
    return Failure::none;
}

}  // namespace sim::explore
