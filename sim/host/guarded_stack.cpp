#include "sim/host/guarded_stack.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace sim::host {

namespace {

constexpr std::size_t guard_bytes = 4096;
constexpr std::size_t spares_max = 64;  // a machine of that many cores

// What a thread keeps for its next machine: stacks of one size, the guard page first.
struct Spares {
    std::vector<std::span<std::byte>> stacks;

    ~Spares() {
        for (const std::span<std::byte> stack : stacks) munmap(stack.data(), stack.size());
    }
};
thread_local Spares the_spares;

// Zeroes the pages that the host has given `memory` so far: what one machine leaves there must not
// be seen by the next. False: the host does not say which these are.
bool clear(std::span<std::byte> memory) {
    constexpr std::size_t page_bytes = 4096;
    std::vector<unsigned char> given(memory.size() / page_bytes);
    if (mincore(memory.data(), memory.size(), given.data()) != 0) return false;
    for (std::size_t i = 0; i < given.size(); ++i) {
        if ((given[i] & 1) != 0) std::memset(memory.data() + i * page_bytes, 0, page_bytes);
    }
    return true;
}

// Empty where there is none.
std::span<std::byte> take_spare(std::size_t bytes) {
    auto& stacks = the_spares.stacks;
    if (stacks.empty() || stacks.back().size() != bytes) return {};
    const std::span<std::byte> stack = stacks.back();
    if (!clear(stack.subspan(guard_bytes))) return {};
    stacks.pop_back();
    return stack;
}

}  // namespace

std::expected<GuardedStack, std::string> GuardedStack::create(std::size_t bytes) {
    const std::size_t whole = bytes + guard_bytes;
    if (const auto spare = take_spare(whole); !spare.empty()) return GuardedStack{spare};
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
    if (whole_.empty()) return;
    auto& stacks = the_spares.stacks;
    const bool fits = stacks.empty() || stacks.back().size() == whole_.size();
    if (fits && stacks.size() < spares_max) {
        stacks.push_back(whole_);
    } else {
        munmap(whole_.data(), whole_.size());
    }
}

std::span<std::byte> GuardedStack::memory() const { return whole_.subspan(guard_bytes); }

}  // namespace sim::host
