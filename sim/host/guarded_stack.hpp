// GuardedStack: memory for a fiber's stack, with a page below it that nobody may touch.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>

namespace sim::host {

class GuardedStack {
public:
    static std::expected<GuardedStack, std::string> create(std::size_t bytes);
    GuardedStack(GuardedStack&& other) noexcept;
    GuardedStack& operator=(GuardedStack&&) = delete;
    ~GuardedStack();

    std::span<std::byte> memory() const;

private:
    explicit GuardedStack(std::span<std::byte> whole) : whole_{whole} {}

    std::span<std::byte> whole_;  // the guard page first
};

}  // namespace sim::host
