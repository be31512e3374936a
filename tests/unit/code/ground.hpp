#pragma once

/// Ground: the memory a program under test runs in, and the contract it is verified against.

#include <array>
#include <vector>

#include "kernel/code/interpreter.hpp"
#include "kernel/code/verify/verifier.hpp"
#include "tests/unit/code/programs.hpp"

namespace tests::code {

/// The suite calls helper 5 where it must exist and its result does not matter.
inline std::uint64_t first_argument(void*, std::uint64_t r1, std::uint64_t, std::uint64_t,
                                    std::uint64_t, std::uint64_t) {
    return r1;
}
inline constexpr kernel::code::Helper suite_helper{
    .number = 5, .arguments = 1, .function = first_argument, .context = nullptr};

class Ground {
public:
    /// One window of these bytes.
    explicit Ground(std::vector<std::byte> bytes = {}, bool writable = true)
        : bytes_{std::move(bytes)} {
        const auto size = static_cast<std::uint32_t>(bytes_.size());
        rules = {{.bytes_min = size, .bytes_max = size, .writable = writable}};
        windows = {{bytes_.data(), bytes_.size(), writable}};
    }

    [[nodiscard]] kernel::code::Contract contract() const {
        return {.windows = rules, .helpers = {&suite_helper, 1}};
    }
    [[nodiscard]] kernel::code::Run run() {
        return {.arguments = kernel::code::arguments_of(windows),
                .stack = stack,
                .helpers = {&suite_helper, 1}};
    }
    kernel::code::Outcome checked(const Code& code, std::uint64_t steps_max = 1'000'000) {
        return kernel::code::interpret_checked(code, run(), windows, steps_max);
    }
    [[nodiscard]] kernel::code::verify::Verdict verdict(const Code& code) {
        return kernel::code::verify::verify(code, contract(), memory_);
    }

    std::vector<kernel::code::WindowRule> rules;
    std::vector<kernel::code::Window> windows;
    alignas(8) std::array<std::byte, kernel::code::frames_max * kernel::code::frame_bytes> stack{};

private:
    std::vector<std::byte> bytes_;
    std::vector<std::byte> memory_ = std::vector<std::byte>(std::size_t{512} << 10);
};

}  // namespace tests::code
