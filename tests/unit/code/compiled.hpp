#pragma once

/// CompiledCode: a program compiled into sealed memory of the host.

#include <gtest/gtest.h>

#include <cstring>

#include "kernel/code/interpreter.hpp"
#include "kernel/code/jit/compiler.hpp"
#include "sim/host/code_memory.hpp"
#include "tests/unit/code/programs.hpp"

namespace tests::code {

class CompiledCode {
public:
    CompiledCode(const Code& code, std::span<const kernel::code::Helper> helpers)
        : bytes_(kernel::code::jit::output_bytes_max(code.size())) {
        std::vector<std::uint32_t> offsets(code.size());
        const auto compiled = kernel::code::jit::compile(code, helpers, offsets, bytes_);
        EXPECT_EQ(compiled.fault.reason, kernel::code::CodeReason::none);
        bytes_.resize(compiled.bytes);
        place(0);
    }

    /// The same code at another address.
    CompiledCode& moved_by(std::size_t distance) {
        place(distance);
        return *this;
    }
    [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

    [[nodiscard]] std::uint64_t call(const kernel::code::Run& run) const {
        const auto entry =
            reinterpret_cast<kernel::code::jit::Entry>(memory_->memory().data() + distance_);
        return entry(&run.arguments, run.stack.data() + run.stack.size());
    }

private:
    void place(std::size_t distance) {
        distance_ = distance;
        auto memory = sim::host::CodeMemory::create(distance + bytes_.size());
        ASSERT_TRUE(memory.has_value()) << memory.error();
        memory_ = std::make_unique<sim::host::CodeMemory>(std::move(*memory));
        std::memcpy(memory_->memory().data() + distance, bytes_.data(), bytes_.size());
        ASSERT_TRUE(memory_->seal());
    }

    std::vector<std::byte> bytes_;
    std::unique_ptr<sim::host::CodeMemory> memory_;
    std::size_t distance_ = 0;
};

}  // namespace tests::code
