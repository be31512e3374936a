#include "sim/testbed/bpf/program_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

#include <fmt/format.h>

#include "sim/testbed/bpf/hex.hpp"

namespace sim::testbed::bpf {

namespace {

using kernel::code::Instruction;
using Read = std::expected<std::vector<Instruction>, std::string>;

// More than any program in any of the formats.
constexpr std::size_t file_bytes_max = std::size_t{4} << 20;

std::expected<std::string, std::string> content_of(const std::string& path) {
    const bool standard = path == "-";
    const std::unique_ptr<FILE, int (*)(FILE*)> file{
        standard ? stdin : std::fopen(path.c_str(), "rb"),
        standard ? [](FILE*) { return 0; } : std::fclose};
    if (!file) return std::unexpected(std::string{std::strerror(errno)});
    std::string content(file_bytes_max + 1, '\0');
    content.resize(std::fread(content.data(), 1, content.size(), file.get()));
    if (std::ferror(file.get()) != 0) return std::unexpected(std::string{std::strerror(errno)});
    if (content.size() > file_bytes_max) {
        return std::unexpected(fmt::format("larger than {} MiB", file_bytes_max >> 20));
    }
    return content;
}

Read program_of_bytes(std::span<const std::byte> bytes) {
    if (bytes.empty()) return std::unexpected("no instructions");
    if (bytes.size() % sizeof(Instruction) != 0) {
        return std::unexpected(
            fmt::format("{} bytes of program: expected a multiple of {}", bytes.size(),
                        sizeof(Instruction)));
    }
    std::vector<Instruction> program(bytes.size() / sizeof(Instruction));
    std::memcpy(program.data(), bytes.data(), bytes.size());
    return program;
}

Read program_of(const std::string& content, const ElfChoice& choice) {
    const auto bytes = std::as_bytes(std::span{content});
    if (is_elf(bytes)) return program_of_elf(bytes, choice);
    if (!choice.section.empty() || !choice.function.empty()) {
        return std::unexpected("--section and --function need an ELF object");
    }
    if (!only_hex(content)) return program_of_bytes(bytes);
    const auto read = bytes_of_hex(content);
    if (!read) return std::unexpected(read.error());
    return program_of_bytes(*read);
}

}  // namespace

Read read_program(const std::string& path, const ElfChoice& choice) {
    const std::string name = path == "-" ? "standard input" : path;
    const auto content = content_of(path);
    if (!content) return std::unexpected(name + ": " + content.error());
    Read program = program_of(*content, choice);
    if (!program) return std::unexpected(name + ": " + program.error());
    return program;
}

}  // namespace sim::testbed::bpf
