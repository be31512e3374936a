// chitin fsck: what is wrong with an image's file system.
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/testbed/fs/volume.hpp"

namespace sim::cli {

namespace {

namespace tfs = testbed::fs;
using Json = nlohmann::ordered_json;
using host::file::ImageFile;

struct Request {
    std::string image;
    bool repair = false;
    bool json = false;
};

struct Tally {
    std::uint64_t found = 0;
    std::uint64_t repaired = 0;
    Json list = Json::array();
};

std::string line(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void note(Tally& tally, const Request& request, const tfs::CheckFinding& finding) {
    ++tally.found;
    if (finding.repaired) ++tally.repaired;
    if (request.json) {
        tally.list.push_back({{"file", finding.where},
                              {"what", finding.what},
                              {"repaired", finding.repaired}});
        return;
    }
    fmt::print("{}{}{}{}\n", finding.where, finding.where.empty() ? "" : ": ", finding.what,
               finding.repaired ? "; repaired" : "");
}

void print_summary(const Request& request, const tfs::Format& format, const Tally& tally,
                   const tfs::CheckSummary& summary) {
    if (request.json) {
        const Json all{{"image", request.image},
                       {"format", format.names.front()},
                       {"files", summary.files},
                       {"directories", summary.directories},
                       {"blocks", summary.blocks},
                       {"blocks_free", summary.blocks_free},
                       {"found", tally.found},
                       {"repaired", tally.repaired},
                       {"findings", tally.list}};
        fmt::print("{}\n", line(all));
        return;
    }
    fmt::print("{}: {}: {} files, {} directories, {} of {} blocks free; ", request.image,
               format.names.front(), summary.files, summary.directories, summary.blocks_free,
               summary.blocks);
    if (tally.found == 0) fmt::print("nothing wrong\n");
    else fmt::print("{} found, {} repaired\n", tally.found, tally.repaired);
}

int say(int code, const std::string& what) {
    fmt::print(stderr, "chitin fsck: {}\n", what);
    return code;
}

int run(const Request& request) {
    auto image = tfs::open_image(
        request.image, request.repair ? ImageFile::Use::read_write : ImageFile::Use::read_only);
    if (!image) return say(exit_usage, image.error());
    Tally tally;
    const auto tell = [&](const tfs::CheckFinding& finding) { note(tally, request, finding); };
    const auto summary = image->format->check(image->device, request.repair, tell);
    if (!summary) return say(exit_failed, request.image + ": " + summary.error());
    print_summary(request, *image->format, tally, *summary);
    return tally.found == tally.repaired ? exit_ok : exit_failed;
}

}  // namespace

void add_fsck(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command =
        app.add_subcommand("fsck", "Check an image's file system, and repair it");
    command->add_option("image", request->image, "The image file")->required();
    command->add_flag("--repair", request->repair, "Change what is wrong; without it nothing is");
    command->add_flag("--json", request->json, "Print one JSON object");
    command->footer("Exit codes: 0 nothing wrong, or all repaired; 1 something is wrong; 2 no "
                    "file system that is known.\n"
                    "Examples:\n"
                    "  chitin fsck disk.img\n"
                    "  chitin fsck --repair disk.img && chitin fsck disk.img");
    command->callback([request, &exit_code] { exit_code = run(*request); });
}

}  // namespace sim::cli
