#include "sim/testbed/boot/iso.hpp"

#include <filesystem>
#include <fstream>

#include "sim/host/child/child.hpp"
#include "sim/host/file/temporary_folder.hpp"

namespace sim::testbed::boot {
namespace {

namespace fs = std::filesystem;

struct Need {
    const char* what;
    const char* package;
    bool folder;
};
constexpr Need needs[] = {
    {"grub-mkrescue", "grub-common", false},
    {"xorriso", "xorriso", false},
    {"mformat", "mtools", false},
    {"/usr/lib/grub/i386-pc", "grub-pc-bin", true},
    {"/usr/lib/grub/x86_64-efi", "grub-efi-amd64-bin", true},
};

std::string missing_packages() {
    std::string packages;
    for (const Need& need : needs) {
        std::error_code error;
        const bool there = need.folder ? fs::is_directory(need.what, error)
                                       : host::child::program_exists(need.what);
        if (!there) packages += std::string{" "} + need.package;
    }
    return packages;
}

bool write_file(const fs::path& path, std::span<const std::byte> bytes) {
    std::ofstream file{path, std::ios::binary};
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return static_cast<bool>(file.flush());
}

std::string menu(const std::string& command_line) {
    return "set timeout=0\n"
           "menuentry chitin {\n"
           "    multiboot2 /boot/chitin.elf " + command_line + "\n"
           "    module2 /boot/bundle\n"
           "    boot\n"
           "}\n";
}

std::string fill(const fs::path& root, const std::string& image,
                 std::span<const std::byte> bundle, const std::string& command_line) {
    std::error_code error;
    fs::create_directories(root / "boot/grub", error);
    fs::copy_file(image, root / "boot/chitin.elf", error);
    if (error) return "cannot read " + image + ": " + error.message();
    const std::string text = menu(command_line);
    if (!write_file(root / "boot/bundle", bundle) ||
        !write_file(root / "boot/grub/grub.cfg", std::as_bytes(std::span{text}))) {
        return "cannot write to a temporary folder";
    }
    return {};
}

}  // namespace

std::expected<void, std::string> make_iso(const std::string& image,
                                          std::span<const std::byte> bundle,
                                          const std::string& out,
                                          const std::string& command_line) {
    if (const std::string packages = missing_packages(); !packages.empty()) {
        return std::unexpected("an ISO needs programs that are missing: apt-get install" +
                               packages);
    }
    const host::file::TemporaryFolder folder;
    if (!folder.valid()) return std::unexpected("no temporary folder");
    const fs::path root = folder.file("iso");
    if (std::string wrong = fill(root, image, bundle, command_line); !wrong.empty()) {
        return std::unexpected(std::move(wrong));
    }
    auto child = host::child::Child::start({"grub-mkrescue", "-o", out, root.string()});
    if (!child) return std::unexpected(child.error());
    constexpr int poll_ms = 1000;
    while (!child->ended()) {
        host::child::Child* one[] = {&*child};
        host::child::wait_any(one, poll_ms);
        child->read_output();
    }
    if (const int status = child->wait(); status != 0) {
        return std::unexpected("grub-mkrescue ended with status " + std::to_string(status) +
                               ": " + child->errors());
    }
    return {};
}

}  // namespace sim::testbed::boot
