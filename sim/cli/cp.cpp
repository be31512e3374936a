// chitin cp: files into an image, out of it, or from one image to another.
#include <filesystem>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/image_path.hpp"
#include "sim/testbed/fs/tree.hpp"
#include "sim/testbed/fs/volume.hpp"

namespace sim::cli {

namespace {

namespace tfs = testbed::fs;
using host::file::ImageFile;

struct Request {
    std::vector<std::string> paths;  ///< sources, then the destination
    bool recursive = false;
};

/// The trees that the paths name: an image that is named twice is opened once.
class Trees {
public:
    /// Error: bad input.
    std::expected<tfs::TreePlace, std::string> place(const std::string& text, bool write) {
        const auto where = parse_image_path(text);
        if (!where) return tfs::TreePlace{host_.get(), text};
        std::error_code ignored;
        const std::string key = std::filesystem::weakly_canonical(where->image, ignored).string();
        Opened& opened = opened_[key];
        if (!opened.volume) {
            auto volume = tfs::Volume::open(
                where->image, write ? ImageFile::Use::read_write : ImageFile::Use::read_only);
            if (!volume) return std::unexpected(volume.error());
            opened.volume = std::move(*volume);
            opened.tree = tfs::volume_tree(opened.volume->fs(), where->image);
        }
        return tfs::TreePlace{opened.tree.get(), where->path};
    }

    std::expected<void, std::string> close() {
        for (auto& [key, opened] : opened_) {
            if (!opened.volume) continue;
            const auto closed = opened.volume->close();
            if (!closed) return closed;
        }
        return {};
    }

private:
    struct Opened {
        std::unique_ptr<tfs::Volume> volume;
        std::unique_ptr<tfs::Tree> tree;
    };
    std::unique_ptr<tfs::Tree> host_ = tfs::host_tree();
    std::map<std::string, Opened> opened_;
};

int say(int code, const std::string& what) {
    fmt::print(stderr, "chitin cp: {}\n", what);
    return code;
}

std::string last_name(std::string path) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

bool directory(const tfs::TreePlace& place) {
    const auto facts = place.tree->facts(place.path, true);
    return facts && facts->kind == tfs::Kind::directory;
}

std::expected<void, std::string> copy_all(const Request& request,
                                          const std::vector<tfs::TreePlace>& sources,
                                          const tfs::TreePlace& destination) {
    const bool into = directory(destination);
    if (sources.size() > 1 && !into) {
        return std::unexpected(destination.tree->shown(destination.path) +
                               ": expected a directory to copy several files into");
    }
    for (const tfs::TreePlace& source : sources) {
        tfs::TreePlace to = destination;
        const std::string name = last_name(source.path);
        const bool named = !name.empty() && name != "." && name != "..";
        if (into && named) to.path = tfs::below(destination.path, name);
        const auto done = tfs::copy(source, to, request.recursive);
        if (!done) return done;
    }
    return {};
}

int run(const Request& request) {
    if (request.paths.size() < 2) return say(exit_usage, "expected SOURCE... DESTINATION");
    Trees trees;
    const auto destination = trees.place(request.paths.back(), true);
    if (!destination) return say(exit_usage, destination.error());
    std::vector<tfs::TreePlace> sources;
    for (std::size_t i = 0; i + 1 < request.paths.size(); ++i) {
        const auto source = trees.place(request.paths[i], false);
        if (!source) return say(exit_usage, source.error());
        sources.push_back(*source);
    }
    const auto copied = copy_all(request, sources, *destination);
    const auto closed = trees.close();
    if (!copied) return say(exit_failed, copied.error());
    if (!closed) return say(exit_failed, closed.error());
    return exit_ok;
}

}  // namespace

void add_cp(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command =
        app.add_subcommand("cp", "Copy files into an image, out of it, or between images");
    command->add_option("paths", request->paths,
                        "SOURCE... DESTINATION, each a path of the host or IMAGE:/path")
        ->required();
    command->add_flag("-r", request->recursive, "Directories with all they hold");
    command->footer("A copy keeps the time of modification and as much of the mode as its place "
                    "can say.\n"
                    "Examples:\n"
                    "  chitin cp kernel.elf disk.img:/boot/kernel\n"
                    "  chitin cp -r disk.img:/ out\n"
                    "  chitin cp -r a.img:/home b.img:/");
    command->callback([request, &exit_code] { exit_code = run(*request); });
}

}  // namespace sim::cli
