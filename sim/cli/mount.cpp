// chitin mount: an image's file system as a directory of the host.
#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/testbed/fs/fuse/server.hpp"

namespace sim::cli {

namespace {

namespace tfs = testbed::fs;
using host::file::ImageFile;

struct Request {
    std::string image;
    std::string directory;
    std::string options;
};

int say(int code, const std::string& what) {
    fmt::print(stderr, "chitin mount: {}\n", what);
    return code;
}

struct Options {
    bool read_only = false;
    tfs::OpenOptions open;
};

// Separated by commas, as mount(8) takes them. Error: which is none.
std::expected<Options, std::string> options_of(const std::string& text) {
    Options options;
    const std::pair<std::string_view, std::string*> policies[] = {
        {"cleaner=", &options.open.cleaner},
        {"replacement=", &options.open.replacement},
        {"write-back=", &options.open.write_back},
        {"read-ahead=", &options.open.read_ahead},
        {"allocation=", &options.open.allocation},
        {"commit=", &options.open.commit}};
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        const std::string word = text.substr(at, end - at);
        at = end + 1;
        if (word == "ro" || word == "rw") {
            options.read_only = word == "ro";
            continue;
        }
        const auto named = std::ranges::find_if(policies, [&](const auto& policy) {
            return word.starts_with(policy.first) && word.size() > policy.first.size();
        });
        if (named == std::end(policies)) return std::unexpected(word);
        *named->second = word.substr(named->first.size());
    }
    return options;
}

int run(const Request& request) {
    const auto options = options_of(request.options);
    if (!options) {
        return say(exit_usage, fmt::format("-o {}: expected ro, rw, or one of cleaner, "
                                           "replacement, write-back, read-ahead, allocation, "
                                           "commit with =NAME",
                                           options.error()));
    }
    const bool read_only = options->read_only;
    std::error_code ignored;
    if (!std::filesystem::is_directory(request.directory, ignored)) {
        return say(exit_usage, request.directory + ": expected a directory to mount at");
    }
    auto volume = tfs::Volume::open(
        request.image, read_only ? ImageFile::Use::read_only : ImageFile::Use::read_write,
        options->open);
    if (!volume) return say(exit_usage, volume.error());
    const auto ready = [&] {
        say(exit_ok, fmt::format("{} ({}{}) is at {}; Ctrl-C unmounts it", request.image,
                                 (*volume)->format().names.front(),
                                 read_only ? ", read only" : "", request.directory));
    };
    const auto served = tfs::fuse::serve(**volume, request.directory, ready);
    const auto closed = (*volume)->close();
    if (!served) return say(exit_failed, served.error());
    if (!closed) return say(exit_failed, closed.error());
    return exit_ok;
}

}  // namespace

void add_mount(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command = app.add_subcommand(
        "mount", "Show the file system of an image as a directory, until Ctrl-C");
    command->add_option("image", request->image, "The image file")->required();
    command->add_option("directory", request->directory, "An existing directory")->required();
    command->add_option("-o", request->options,
                        "ro: change nothing; rw (default); policies (chitin list): "
                        "replacement=NAME, read-ahead=NAME; of cofs and fat write-back=NAME, "
                        "allocation=NAME; of log cleaner=NAME; of cofs commit=two-flushes or "
                        "one-flush");
    command->footer("Needs FUSE (/dev/fuse). Everything is in the image when the command ends, "
                    "or after sync.\n"
                    "Examples:\n"
                    "  mkdir here && chitin mount disk.img here &\n"
                    "  chitin mount -o ro disk.img here\n"
                    "  chitin mount -o rw,cleaner=greedy log.img here\n"
                    "  chitin mount -o replacement=arc,write-back=aged,allocation=groups "
                    "cofs.img here");
    command->callback([request, &exit_code] { exit_code = run(*request); });
}

}  // namespace sim::cli
