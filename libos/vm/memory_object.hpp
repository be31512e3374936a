// MemoryObject: where the contents of a region's pages come from and go to.
//
// Why: a pager decides which pages are in memory; what a page holds when it comes in is another
// matter: zeros, a copy of another object's page, a file's block. Any class will do.
//
// Contract: read_page fills the whole page; write_page saves a page that is leaving and was
// changed. Both only touch memory and make no kernel call: the time they take is charged by the
// pager beforehand, from read_cost and write_cost.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>

#include "kernel/abi/types.hpp"

namespace libos::vm {

using PageBytes = std::span<std::byte>;

template <class O>
concept MemoryObject = requires(O object, std::uint32_t page, PageBytes bytes) {
    { object.read_page(page, bytes) } -> std::same_as<void>;
    { object.write_page(page, bytes) } -> std::same_as<void>;
    { object.read_cost(page) } -> std::same_as<kernel::abi::Nanoseconds>;
    { object.write_cost(page) } -> std::same_as<kernel::abi::Nanoseconds>;
};

// Zeros, until something was written; then what was written, kept in `store`'s pages.
class ZeroFill {
public:
    explicit ZeroFill(std::span<std::byte> store, std::span<bool> written)
        : store_{store}, written_{written} {}

    void read_page(std::uint32_t page, PageBytes bytes) {
        if (written_[page]) {
            std::memcpy(bytes.data(), at(page), bytes.size());
        } else {
            std::memset(bytes.data(), 0, bytes.size());
        }
    }
    void write_page(std::uint32_t page, PageBytes bytes) {
        std::memcpy(at(page), bytes.data(), bytes.size());
        written_[page] = true;
    }
    kernel::abi::Nanoseconds read_cost(std::uint32_t) const { return {}; }
    kernel::abi::Nanoseconds write_cost(std::uint32_t) const { return {}; }

private:
    std::byte* at(std::uint32_t page) {
        return store_.data() + std::uint64_t{page} * kernel::abi::page_size;
    }

    std::span<std::byte> store_;
    std::span<bool> written_;
};
static_assert(MemoryObject<ZeroFill>);

// Another object's pages until they are written; what is written goes to `Own`.
template <MemoryObject Source, MemoryObject Own>
class CopyOnWrite {
public:
    CopyOnWrite(Source& source, Own& own, std::span<bool> written)
        : source_{source}, own_{own}, written_{written} {}

    void read_page(std::uint32_t page, PageBytes bytes) {
        written_[page] ? own_.read_page(page, bytes) : source_.read_page(page, bytes);
    }
    void write_page(std::uint32_t page, PageBytes bytes) {
        own_.write_page(page, bytes);
        written_[page] = true;
    }
    kernel::abi::Nanoseconds read_cost(std::uint32_t page) const {
        return written_[page] ? own_.read_cost(page) : source_.read_cost(page);
    }
    kernel::abi::Nanoseconds write_cost(std::uint32_t page) const {
        return own_.write_cost(page);
    }

private:
    Source& source_;
    Own& own_;
    std::span<bool> written_;
};

}  // namespace libos::vm
