#include "sim/host/code_memory.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sim::host {

namespace {
constexpr std::size_t page_bytes = 4096;
}

std::expected<CodeMemory, std::string> CodeMemory::create(std::size_t bytes) {
    const std::size_t whole = (bytes / page_bytes + 1) * page_bytes;
    void* const memory =
        mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return std::unexpected(std::string{"the host refuses memory for code: "} +
                               std::strerror(errno));
    }
    return CodeMemory{{static_cast<std::byte*>(memory), whole}};
}

CodeMemory::CodeMemory(CodeMemory&& other) noexcept : memory_{std::exchange(other.memory_, {})} {}

CodeMemory::~CodeMemory() {
    if (!memory_.empty()) munmap(memory_.data(), memory_.size());
}

bool CodeMemory::seal() {
    return mprotect(memory_.data(), memory_.size(), PROT_READ | PROT_EXEC) == 0;
}

}  // namespace sim::host
