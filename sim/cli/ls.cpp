// chitin ls: what an image's file system holds.
#include <algorithm>
#include <chrono>
#include <memory>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/image_path.hpp"
#include "sim/testbed/fs/error_text.hpp"
#include "sim/testbed/fs/path.hpp"
#include "sim/testbed/fs/tree.hpp"
#include "sim/testbed/fs/volume.hpp"

namespace sim::cli {

namespace {

namespace tfs = testbed::fs;
using Json = nlohmann::ordered_json;

/// A damaged volume may hold a directory within itself.
constexpr int depth_max = 256;

struct Request {
    std::string where;
    bool details = false;
    bool recursive = false;
    bool json = false;
};

struct Line {
    std::string path;
    std::string name;
    tfs::Attributes attributes;
    std::string target;
};

using Problem = std::unexpected<std::string>;

/// Control characters as '?', for terminals.
std::string printable(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return text;
}

std::string_view kind_name(tfs::Kind kind) {
    switch (kind) {
        case tfs::Kind::file: return "file";
        case tfs::Kind::directory: return "directory";
        case tfs::Kind::symlink: break;
    }
    return "symlink";
}

std::string mode_text(const tfs::Attributes& attributes) {
    std::string text = attributes.kind == tfs::Kind::directory ? "d"
                       : attributes.kind == tfs::Kind::symlink ? "l"
                                                               : "-";
    for (int bit = 8; bit >= 0; --bit) {
        text += (attributes.mode >> bit & 1) != 0 ? "xwr"[bit % 3] : '-';
    }
    return text;
}

std::string time_text(tfs::Timestamp time) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S}",
                       fmt::gmtime(static_cast<std::time_t>(time.seconds)));
}

Json to_json(const Line& line) {
    Json json{{"path", line.path},
              {"kind", kind_name(line.attributes.kind)},
              {"inode", static_cast<std::uint64_t>(line.attributes.inode)},
              {"mode", fmt::format("{:04o}", line.attributes.mode)},
              {"links", line.attributes.links},
              {"user", line.attributes.user},
              {"group", line.attributes.group},
              {"size", line.attributes.size},
              {"modified_seconds", line.attributes.modified.seconds},
              {"modified_nanoseconds", line.attributes.modified.nanoseconds}};
    if (line.attributes.kind == tfs::Kind::symlink) json["target"] = line.target;
    return json;
}

class Lister {
public:
    Lister(tfs::AnyFileSystem& fs, const Request& request) : fs_{fs}, request_{request} {}

    std::expected<void, std::string> run(const std::string& path) {
        const auto inode = tfs::find(fs_, path);
        if (!inode) return Problem{path + ": " + tfs::text(inode.error())};
        const auto line = line_of(path, path, *inode);
        if (!line) return Problem{line.error()};
        if (line->attributes.kind != tfs::Kind::directory) {
            print(*line);
            return {};
        }
        return directory(path, *inode, 0);
    }
    [[nodiscard]] const Json& all() const { return all_; }

private:
    std::expected<Line, std::string> line_of(const std::string& path, const std::string& name,
                                             tfs::Inode inode) {
        const auto attributes = fs_.attributes(inode);
        if (!attributes) return Problem{path + ": " + tfs::text(attributes.error())};
        Line line{path, name, *attributes, {}};
        if (attributes->kind == tfs::Kind::symlink) {
            const auto target = tfs::link_text(fs_, inode);
            if (!target) return Problem{path + ": " + tfs::text(target.error())};
            line.target = *target;
        }
        return line;
    }

    void print(const Line& line) {
        if (request_.json) {
            all_.push_back(to_json(line));
            return;
        }
        if (request_.details) {
            fmt::print("{} {:>3} {:>5} {:>5} {:>12} {} ", mode_text(line.attributes),
                       line.attributes.links, line.attributes.user, line.attributes.group,
                       line.attributes.size, time_text(line.attributes.modified));
        }
        const bool link = request_.details && !line.target.empty();
        fmt::print("{}{}{}\n", printable(line.name), link ? " -> " : "",
                   link ? printable(line.target) : "");
    }

    std::expected<std::vector<Line>, std::string> lines(const std::string& path,
                                                        tfs::Inode inode) {
        std::vector<std::pair<std::string, tfs::Inode>> names;
        for (std::uint64_t position = 0;;) {
            const auto entry = fs_.entry(inode, position);
            if (!entry && entry.error() == tfs::Error::no_entry) break;
            if (!entry) return Problem{path + ": " + tfs::text(entry.error())};
            names.emplace_back(entry->name, entry->inode);
            position = entry->next;
        }
        std::ranges::sort(names);
        std::vector<Line> lines;
        for (const auto& [name, child] : names) {
            auto line = line_of(tfs::below(path, name), name, child);
            if (!line) return Problem{line.error()};
            lines.push_back(std::move(*line));
        }
        return lines;
    }

    std::expected<void, std::string> directory(const std::string& path, tfs::Inode inode,
                                               int depth) {
        if (depth > depth_max) return Problem{path + ": too deep: expected at most 256 levels"};
        const auto found = lines(path, inode);
        if (!found) return Problem{found.error()};
        if (request_.recursive && !request_.json) {
            fmt::print("{}{}:\n", depth > 0 ? "\n" : "", printable(path));
        }
        for (const Line& line : *found) print(line);
        if (!request_.recursive) return {};
        for (const Line& line : *found) {
            if (line.attributes.kind != tfs::Kind::directory) continue;
            const auto done = directory(line.path, line.attributes.inode, depth + 1);
            if (!done) return done;
        }
        return {};
    }

    tfs::AnyFileSystem& fs_;
    const Request& request_;
    Json all_ = Json::array();
};

int run(const Request& request) {
    const auto parsed = parse_image_path(request.where);
    const ImagePath where = parsed ? *parsed : ImagePath{request.where, "/"};
    auto volume =
        tfs::Volume::open(where.image, host::file::ImageFile::Use::read_only);
    if (!volume) {
        fmt::print(stderr, "chitin ls: {}\n", volume.error());
        return exit_usage;
    }
    Lister lister{(*volume)->fs(), request};
    const auto done = lister.run(where.path);
    if (request.json) {
        fmt::print("{}\n", lister.all().dump(-1, ' ', false, Json::error_handler_t::replace));
    }
    if (done) return exit_ok;
    fmt::print(stderr, "chitin ls: {}:{}\n", where.image, done.error());
    return exit_failed;
}

}  // namespace

void add_ls(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command =
        app.add_subcommand("ls", "List what the file system of an image holds");
    command->add_option("where", request->where, "IMAGE or IMAGE:/directory")->required();
    command->add_flag("-l", request->details, "Mode, links, owner, size, time (UTC)");
    command->add_flag("-R", request->recursive, "Directories within directories too");
    command->add_flag("--json", request->json, "Print one JSON array with all of it");
    command->footer("Examples:\n"
                    "  chitin ls disk.img\n"
                    "  chitin ls -lR disk.img:/etc\n"
                    "  chitin ls -R --json disk.img | jq -r '.[].path'");
    command->callback([request, &exit_code] { exit_code = run(*request); });
}

}  // namespace sim::cli
