// Reading [[disk]]: what the machine is given, and how long it takes.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "sim/testbed/draft.hpp"

namespace sim::testbed {

namespace {

using kernel::abi::ServiceProfile;

constexpr std::uint64_t blocks_max = std::uint64_t{1} << 31;
constexpr std::string_view model_default = "nvme";

struct Figure {
    std::string_view name;
    std::uint32_t ServiceProfile::* field;
};
constexpr Figure figures[] = {
    {"command", &ServiceProfile::command},
    {"read_access", &ServiceProfile::read_access},
    {"write_access", &ServiceProfile::write_access},
    {"read_block", &ServiceProfile::read_block},
    {"write_block", &ServiceProfile::write_block},
    {"channels", &ServiceProfile::channels},
    {"settle", &ServiceProfile::settle},
    {"seek_knee", &ServiceProfile::seek_knee},
    {"seek_full", &ServiceProfile::seek_full},
    {"knee_permille", &ServiceProfile::knee_permille},
    {"rotation", &ServiceProfile::rotation},
    {"track_blocks", &ServiceProfile::track_blocks},
    {"cache_blocks", &ServiceProfile::cache_blocks},
    {"cache_block", &ServiceProfile::cache_block},
    {"flush", &ServiceProfile::flush},
};

class DiskReader {
public:
    DiskReader(const Catalogue& catalogue, const TomlView& view)
        : catalogue_{catalogue}, view_{view} {}

    void read(const toml::table& root, Draft& draft) {
        const toml::array* const list = view_.array(root, "disk");
        if (list == nullptr) return;
        for (const toml::node& node : *list) {
            const toml::table* const table = node.as_table();
            if (table == nullptr) {
                view_.wrong_type(node, "disk", "[[disk]] tables");
            } else if (draft.disks.size() == kernel::abi::cell_disks_max) {
                view_.error(*table, fmt::format("too many disks, expected at most {}",
                                                kernel::abi::cell_disks_max));
                return;
            } else {
                read_disk(*table, draft);
            }
        }
    }

private:
    void read_disk(const toml::table& table, Draft& draft) {
        view_.check_keys(table, "[[disk]]",
                         {"name", "size", "image", "keep", "lose_unflushed", "model", "service",
                          "device"});
        Disk disk;
        read_name(table, draft, disk);
        const toml::node* const image = table.get("image");
        read_contents(table, disk);
        disk.keep = flag(table, "keep");
        disk.lose_unflushed = flag(table, "lose_unflushed");
        if (disk.keep && image == nullptr) {
            view_.error(table, "\"keep\" of a blank disk, expected an \"image\" to write into");
        }
        read_device(table, disk);
        read_model(table, disk);
        if (const toml::table* const service = view_.table(table, "service")) {
            read_service(*service, disk);
        }
        draft.disks.push_back({view_.place(image != nullptr ? *image : table)});
        draft.machine.disks.push_back(std::move(disk));
    }

    void read_name(const toml::table& table, const Draft& draft, Disk& disk) {
        constexpr std::size_t bytes_max = sizeof(kernel::abi::DiskRecord::name) - 1;
        disk.name = view_.text(table, "name").value_or(fmt::format("disk{}", draft.disks.size()));
        const toml::node* const node = table.get("name");
        const toml::node& place = node != nullptr ? *node : table;
        const bool named = !disk.name.empty() && disk.name.size() <= bytes_max &&
                           std::ranges::all_of(disk.name, [](char c) {
                               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                                      c == '_' || c == '-';
                           });
        if (!named) {
            view_.error(place, fmt::format("\"{}\" is no name, expected at most {} of a-z 0-9 _ -",
                                           disk.name, bytes_max));
        }
        if (std::ranges::find(draft.machine.disks, disk.name, &Disk::name) !=
            draft.machine.disks.end()) {
            view_.error(place, fmt::format("a second disk called \"{}\", expected another \"name\"",
                                           disk.name));
        }
    }

    void read_contents(const toml::table& table, Disk& disk) {
        const toml::node* const size = table.get("size");
        const bool has_image = table.get("image") != nullptr;
        if ((size != nullptr) == has_image) {
            view_.error(table, "a disk needs its contents, expected either \"size\" (blank) or "
                               "\"image\" (a raw file)");
        }
        disk.image = view_.text(table, "image").value_or("");
        if (has_image && table.get("image")->is_string() && disk.image.empty()) {
            view_.error(*table.get("image"), "an empty path, expected a raw file's");
        }
        if (size == nullptr) return;
        disk.bytes = std::uint64_t{view_.frames(*size, "size", 1, blocks_max).value_or(1)} *
                     kernel::abi::page_size;
    }

    bool flag(const toml::table& table, std::string_view key) {
        const toml::node* const node = table.get(key);
        if (node == nullptr) return false;
        if (const auto* const value = node->as_boolean()) return value->get();
        view_.wrong_type(*node, key, "true or false");
        return false;
    }

    void read_device(const toml::table& table, Disk& disk) {
        const auto device = view_.text(table, "device");
        if (!device) return;
        disk.nvme = *device == "nvme";
        if (!disk.nvme && *device != "virtio") {
            view_.error(*table.get("device"),
                        fmt::format("\"device\" is \"{}\", expected \"virtio\" or \"nvme\"",
                                    *device));
        }
    }

    void read_model(const toml::table& table, Disk& disk) {
        const std::string name = view_.text(table, "model").value_or(std::string{model_default});
        if (const auto* const model = catalogue_.disk_model(name)) {
            disk.service = model->service;
            return;
        }
        disk.service.channels = 1;
        const toml::node* const node = table.get("model");
        view_.error(node != nullptr ? *node : table, unknown_disk_model(name, catalogue_));
    }

    void read_service(const toml::table& service, Disk& disk) {
        view_.check_keys(service, "service",
                         {"command", "read_access", "write_access", "read_block", "write_block",
                          "channels", "settle", "seek_knee", "seek_full", "knee_permille",
                          "rotation", "track_blocks", "cache_blocks", "cache_block", "flush"});
        for (const Figure& figure : figures) {
            if (const auto value =
                    view_.integer(service, figure.name, 0, kernel::abi::service_ns_max)) {
                disk.service.*figure.field = static_cast<std::uint32_t>(*value);
            }
        }
        if (kernel::abi::service_sane(disk.service)) return;
        view_.error(service,
                    fmt::format("service times that contradict each other, expected 1..{} "
                                "channels, settle <= seek_knee <= seek_full, knee_permille below "
                                "1000, track_blocks where there is a rotation",
                                kernel::abi::channels_max));
    }

    const Catalogue& catalogue_;
    const TomlView& view_;
};

// Nothing: the image can be a disk.
std::string take_image(Disk& disk, const std::vector<std::string>& folders) {
    namespace fs = std::filesystem;
    const std::string wanted = disk.image;
    for (const std::string& folder : folders) {
        std::error_code error;
        const fs::path path = fs::path{folder} / wanted;
        if (!fs::exists(path, error)) continue;
        if (!fs::is_regular_file(path, error)) return "no regular file: " + path.string();
        disk.image = path.string();
        disk.bytes = fs::file_size(path, error);
        if (error) return error.message() + ": " + path.string();
        if (disk.bytes == 0 || disk.bytes % kernel::abi::page_size != 0) {
            return fmt::format("{} bytes: {}", disk.bytes, path.string());
        }
        return {};
    }
    return "no such file: " + wanted;
}

}  // namespace

std::string unknown_disk_model(std::string_view name, const Catalogue& catalogue) {
    std::vector<std::string_view> names;
    for (const auto& model : catalogue.disk_models) names.push_back(model.name);
    return fmt::format("unknown disk model \"{}\"{}", name, suggestion(name, names));
}

void read_disks(const toml::table& root, const Catalogue& catalogue, const TomlView& view,
                Draft& draft) {
    DiskReader{catalogue, view}.read(root, draft);
}

void find_images(Draft& draft, const std::vector<std::string>& folders, Problems& problems) {
    for (std::size_t i = 0; i < draft.disks.size(); ++i) {
        Disk& disk = draft.machine.disks[i];
        if (disk.image.empty()) continue;
        if (const std::string wrong = take_image(disk, folders); !wrong.empty()) {
            problems.add(draft.disks[i].place,
                         fmt::format("unusable image: {}, expected a raw file of whole blocks of "
                                     "{} bytes", wrong, kernel::abi::page_size));
        }
    }
}

}  // namespace sim::testbed
