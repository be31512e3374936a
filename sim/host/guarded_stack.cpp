#include "sim/host/guarded_stack.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sim::host {

namespace {
constexpr std::size_t guard_bytes = 4096;
}

std::expected<GuardedStack, std::string> GuardedStack::create(std::size_t bytes) {
    const std::size_t whole = bytes + guard_bytes;
    void* memory = mmap(nullptr, whole, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, guard_bytes, PROT_NONE) != 0) {
        return std::unexpected(std::string{"the host refuses memory for a stack: "} +
                               std::strerror(errno));
    }
    return GuardedStack{{static_cast<std::byte*>(memory), whole}};
}

GuardedStack::GuardedStack(GuardedStack&& other) noexcept
    : whole_{std::exchange(other.whole_, {})} {}

GuardedStack::~GuardedStack() {
    if (!whole_.empty()) munmap(whole_.data(), whole_.size());
}

std::span<std::byte> GuardedStack::memory() const { return whole_.subspan(guard_bytes); }

}  // namespace sim::host
