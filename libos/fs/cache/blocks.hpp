#pragma once

/// Blocks: any BlockCache, whatever its device and its policy, behind one type.
///
/// Why: a file system is long code; written against this type it is compiled once, and a device
/// and a policy are chosen where it is mounted. A call costs one jump more.

#include <concepts>
#include <cstdint>
#include <span>

#include "libos/fs/error.hpp"

namespace libos::fs::cache {

class Blocks {
public:
    /// `cache` outlives this.
    template <class Cache>
        requires(!std::same_as<Cache, Blocks>)
    explicit Blocks(Cache& cache)
        : cache_{&cache},
          block_size_{cache.block_size()},
          blocks_{cache.blocks()},
          read_{[](void* c, std::uint64_t block) { return self<Cache>(c).read(block); }},
          change_{[](void* c, std::uint64_t block) { return self<Cache>(c).change(block); }},
          fresh_{[](void* c, std::uint64_t block) { return self<Cache>(c).fresh(block); }},
          write_back_{[](void* c, std::uint64_t first, std::uint64_t count) {
              return self<Cache>(c).write_back(first, count);
          }},
          flush_{[](void* c) { return self<Cache>(c).flush(); }},
          set_time_{[](void* c, std::uint64_t now_ns) { self<Cache>(c).set_time(now_ns); }} {}

    [[nodiscard]] std::uint32_t block_size() const { return block_size_; }
    [[nodiscard]] std::uint64_t blocks() const { return blocks_; }

    /// See BlockCache: a view is good until the next call.
    Result<std::span<const std::byte>> read(std::uint64_t block) { return read_(cache_, block); }
    Result<std::span<std::byte>> change(std::uint64_t block) { return change_(cache_, block); }
    Result<std::span<std::byte>> fresh(std::uint64_t block) { return fresh_(cache_, block); }
    Result<void> write_back(std::uint64_t first, std::uint64_t count) {
        return write_back_(cache_, first, count);
    }
    Result<void> flush() { return flush_(cache_); }
    void set_time(std::uint64_t now_ns) { set_time_(cache_, now_ns); }

private:
    template <class Cache>
    static Cache& self(void* cache) {
        return *static_cast<Cache*>(cache);
    }

    void* cache_;
    std::uint32_t block_size_;
    std::uint64_t blocks_;
    Result<std::span<const std::byte>> (*read_)(void*, std::uint64_t);
    Result<std::span<std::byte>> (*change_)(void*, std::uint64_t);
    Result<std::span<std::byte>> (*fresh_)(void*, std::uint64_t);
    Result<void> (*write_back_)(void*, std::uint64_t, std::uint64_t);
    Result<void> (*flush_)(void*);
    void (*set_time_)(void*, std::uint64_t);
};

}  // namespace libos::fs::cache
