// CodeMemory: memory for compiled code, writable until it is sealed, executable from then on.
//
// Never both: a write after seal() is a fault of the host.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>

namespace sim::host {

class CodeMemory {
public:
    // At least `bytes`, writable. Error: one sentence.
    static std::expected<CodeMemory, std::string> create(std::size_t bytes);
    CodeMemory(CodeMemory&& other) noexcept;
    CodeMemory& operator=(CodeMemory&&) = delete;
    ~CodeMemory();

    std::span<std::byte> memory() const { return memory_; }
    // Readable and executable from now on. False: the host refuses; nothing may be executed.
    [[nodiscard]] bool seal();

private:
    explicit CodeMemory(std::span<std::byte> memory) : memory_{memory} {}

    std::span<std::byte> memory_;
};

}  // namespace sim::host
