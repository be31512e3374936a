// MarkedPages: a backing store whose pages can be checked.
//
// Each page begins with a signature made of its number and a count of the writes to it; the rest
// is zero. The store keeps the count that was saved, the checker the count it wrote: a page that
// came back old, or another page's, is found at the next access. Reading and writing it back cost
// what the program says, as a disk would.
#pragma once

#include "libos/vm/memory_object.hpp"

namespace scenarios::programs {

class MarkedPages {
public:
    struct Costs {
        std::uint64_t read_ns;
        std::uint64_t write_ns;
    };

    // One word a page each: what was saved, and what was written.
    MarkedPages(std::span<std::uint32_t> saved, std::span<std::uint32_t> written, Costs costs)
        : saved_{saved}, written_{written}, costs_{costs} {}

    // ---- libos::vm::MemoryObject
    void read_page(std::uint32_t page, libos::vm::PageBytes bytes) {
        std::memset(bytes.data(), 0, bytes.size());
        auto* words = reinterpret_cast<std::uint64_t*>(bytes.data());
        words[0] = signature(page);
        words[1] = saved_[page];
    }
    void write_page(std::uint32_t page, libos::vm::PageBytes bytes) {
        const auto* words = reinterpret_cast<const std::uint64_t*>(bytes.data());
        if (words[0] != signature(page)) ++wrong_;
        saved_[page] = static_cast<std::uint32_t>(words[1]);
    }
    kernel::abi::Nanoseconds read_cost(std::uint32_t) const {
        return kernel::abi::Nanoseconds{costs_.read_ns};
    }
    kernel::abi::Nanoseconds write_cost(std::uint32_t) const {
        return kernel::abi::Nanoseconds{costs_.write_ns};
    }

    // ---- the program's accesses: one load, or one store first
    void load(std::uint32_t page, std::byte* at) {
        const auto* words = reinterpret_cast<const volatile std::uint64_t*>(at);
        check(page, words[0], words[1]);
    }
    void store(std::uint32_t page, std::byte* at) {
        auto* words = reinterpret_cast<volatile std::uint64_t*>(at);
        const std::uint32_t count = written_[page] + 1;
        words[2] = count;  // brings the page in, if it is out
        check(page, words[0], words[1]);
        words[1] = count;
        written_[page] = count;
    }

    // Accesses that found another page's contents, or contents older than what was written.
    std::uint64_t wrong() const { return wrong_; }
    std::uint64_t stale() const { return stale_; }

private:
    static constexpr std::uint64_t signature(std::uint32_t page) {
        return 0x6368'6974'696e'0000ull + page * 0x9e37'79b9'7f4a'7c15ull;
    }

    void check(std::uint32_t page, std::uint64_t mark, std::uint64_t count) {
        if (mark != signature(page)) [[unlikely]] ++wrong_;
        if (count != written_[page]) [[unlikely]] {
            ++stale_;
            written_[page] = static_cast<std::uint32_t>(count);  // counted once
        }
    }

    std::span<std::uint32_t> saved_;
    std::span<std::uint32_t> written_;
    Costs costs_;
    std::uint64_t wrong_ = 0;
    std::uint64_t stale_ = 0;
};
static_assert(libos::vm::MemoryObject<MarkedPages>);

}  // namespace scenarios::programs
