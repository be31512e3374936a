// chitin mkfs: an empty file system in an image file.
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "sim/cli/command.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/exit_code.hpp"
#include "sim/cli/image_path.hpp"
#include "sim/testbed/fs/format.hpp"

namespace sim::cli {

namespace {

namespace tfs = testbed::fs;
using host::file::ImageFile;

struct Request {
    std::string type;
    std::string image;
    std::string size;
    std::string block_size;
    tfs::MakeOptions options;
    std::uint32_t serial = 0;
    bool has_serial = false;
    bool force = false;
};

int say(int code, const std::string& what) {
    fmt::print(stderr, "chitin mkfs: {}\n", what);
    return code;
}

/// An existing image as it is, or a new one of the size asked for. Error: bad input.
std::expected<ImageFile, std::string> image_file(const Request& request, bool existing) {
    if (!existing || !request.size.empty()) {
        const auto bytes = parse_size(request.size);
        constexpr std::uint64_t bytes_max = std::uint64_t{1} << 44;
        if (!bytes || *bytes == 0 || *bytes > bytes_max) {
            return std::unexpected(fmt::format(
                "--size \"{}\": expected bytes, such as 64M or 1GiB, at most 16384G",
                request.size));
        }
        return ImageFile::create(request.image, *bytes);
    }
    return ImageFile::open(request.image, ImageFile::Use::read_write);
}

int run(Request request) {
    const tfs::Format* const format = tfs::format_named(request.type);
    if (format == nullptr) {
        return say(exit_usage, fmt::format("unknown file system \"{}\"; known: {}", request.type,
                                           tfs::format_names()));
    }
    if (!request.block_size.empty()) {
        const auto bytes = parse_size(request.block_size);
        if (!bytes || *bytes == 0 || *bytes > (1u << 30)) {
            return say(exit_usage, fmt::format("--block-size \"{}\": expected bytes, such as 4K",
                                               request.block_size));
        }
        request.options.block_size = static_cast<std::uint32_t>(*bytes);
    }
    if (request.has_serial) request.options.serial = request.serial;
    std::error_code ignored;
    const bool existing = std::filesystem::exists(request.image, ignored);
    const bool filled = existing && (!std::filesystem::is_regular_file(request.image, ignored) ||
                                     std::filesystem::file_size(request.image, ignored) > 0);
    if (filled && !request.force) {
        return say(exit_usage, request.image + ": exists; give --force to lose what it holds");
    }
    if (!existing && request.size.empty()) {
        return say(exit_usage, request.image + ": does not exist; give --size to make it");
    }
    auto file = image_file(request, existing);
    if (!file) return say(exit_usage, file.error());
    tfs::ImageDevice device{std::move(*file)};
    const auto made = format->make(device, request.type, request.options);
    if (!made) {
        if (!existing) std::filesystem::remove(request.image, ignored);
        return say(exit_usage, request.image + ": " + made.error());
    }
    fmt::print("{}: {}\n", request.image, *made);
    return exit_ok;
}

}  // namespace

void add_mkfs(Command& app, int& exit_code) {
    auto request = std::make_shared<Request>();
    Command* const command =
        app.add_subcommand("mkfs", "Make an empty file system in an image file");
    command->add_option("type", request->type, "Which: " + tfs::format_names())->required();
    command->add_option("image", request->image, "The image file")->required();
    command->add_option("--size", request->size, "Make the image this large: 64M, 1GiB");
    command->add_option("--block-size", request->block_size,
                        "Bytes of a cluster or block; default: by size");
    command->add_option("--label", request->options.label, "The volume's name");
    Argument* const serial = command->add_option(
        "--serial", request->serial, "The volume's number; default: from the clock");
    command->add_flag("--force", request->force, "Even where the image holds something");
    command->footer("Examples:\n"
                    "  chitin mkfs fat disk.img --size 64M --label BOOT\n"
                    "  chitin mkfs fat32 disk.img --size 1GiB --block-size 4K\n"
                    "  chitin mkfs fat12 floppy.img --size 1440K --serial 1");
    command->callback([request, serial, &exit_code] {
        request->has_serial = serial->given();
        exit_code = run(*request);
    });
}

}  // namespace sim::cli
