#include "sim/explore/apart.hpp"

#include <fstream>

#include "sim/explore/report_codec.hpp"
#include "sim/host/file/temporary_folder.hpp"
#include "sim/host/process/worker.hpp"
#include "sim/machine/clock/clock.hpp"

namespace sim::explore {

namespace {


std::string dumped(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A decision a line, there as soon as it is made.
Decisions read_decisions(const std::string& path) {
    Json all = Json::array();
    std::ifstream in{path};
    for (std::string line; std::getline(in, line);) {
        const Json one = Json::parse(line, nullptr, false);
        if (one.is_array()) all.push_back(one.at(0));
    }
    return decisions_of(all).value_or(Decisions{});
}

// What a dying process said, without its place in this source's build.
std::string one_line(const std::string& text) {
    std::string all;
    for (const char c : text) {
        if (c != '\n') all += c;
        if (c == '\n' && !all.ends_with("; ")) all += all.ends_with(':') ? " " : "; ";
    }
    while (all.ends_with("; ")) all.erase(all.size() - 2);
    return all;
}

}  // namespace

RunReport run_apart(const Subject& subject, const MakeChooser& make, std::uint64_t start) {
    machine::prepare_process();  // or each child would, anew
    const host::file::TemporaryFolder folder;
    const std::string path = folder.file("decisions");
    const auto work = [&](std::uint32_t) {
        std::ofstream out{path, std::ios::trunc};
        const auto chooser = make();
        const auto watch = [&out](const Recorder&, const Decision& one, const kernel::abi::Event*) {
            out << to_json(Decisions{one}).dump() << '\n' << std::flush;
        };
        return dumped(to_json(run(subject, *chooser, start, watch)));
    };
    RunReport report;
    const host::process::JobOptions alone{.jobs = 1, .seconds_max = subject.seconds_max};
    host::process::run_jobs(alone, work, [&](const host::process::JobEnd& end) {
        if (end.failure.empty()) {
            report = report_of(Json::parse(end.output));
        } else {
            report.failure = end.too_long ? Failure::endless : Failure::crash;
            report.text = one_line(end.failure);
            report.decisions = read_decisions(path);
            if (!folder.valid()) report.text += "; no temporary folder: its decisions are lost";
        }
    });
    return report;
}

}  // namespace sim::explore
