#pragma once

/// The segments: how much of each is live, and which may be written.
///
/// Invariant: a segment is free only if nothing of it was live at the last durable checkpoint, and
/// the log has not gone through it since: nothing that a crash may bring back is in it.

#include <cstdint>
#include <optional>
#include <span>

#include "libos/fs/log/layout.hpp"

namespace libos::fs::log {

class Segments {
public:
    /// The spans have one element a segment, `touched` one bit; they outlive this.
    void build(const Geometry& geometry, std::span<Usage> usage, std::span<std::uint8_t> states,
               std::span<std::uint64_t> touched);
    /// A checkpoint is durable: what is empty is free, but for the log's own two segments.
    void settle(std::uint32_t active, std::uint32_t next);
    /// Error::corrupt: the table claims more than a segment holds.
    Result<void> check() const;

    /// A free segment, which is so no longer.
    std::optional<std::uint32_t> take();
    /// The log goes through it: recovery's take().
    void use(std::uint32_t segment);

    void add(Address address, std::uint32_t age);
    /// Error::corrupt: the table says that nothing there is live.
    Result<void> remove(Address address);
    /// Recovery's: what a commit said of a segment. Error::corrupt.
    Result<void> set(std::uint64_t segment, const Usage& usage);

    [[nodiscard]] const Usage& usage(std::uint32_t segment) const { return usage_[segment]; }
    [[nodiscard]] bool free(std::uint32_t segment) const { return states_[segment] == state_free; }
    [[nodiscard]] std::uint32_t free_count() const { return free_; }
    /// Segments that the next checkpoint makes free, `active` and `next` apart.
    [[nodiscard]] std::uint32_t empty_count(std::uint32_t active, std::uint32_t next) const;
    [[nodiscard]] std::uint64_t live() const { return live_; }

    /// Changed since this was said: for the next commit.
    [[nodiscard]] std::span<std::uint64_t> touched() { return touched_; }
    /// More of them than commits should say: a checkpoint says them all at once.
    [[nodiscard]] bool many_touched() const;

private:
    static constexpr std::uint32_t touched_max = 160;  ///< four writes of a commit say them
    static constexpr std::uint8_t state_used = 0;
    static constexpr std::uint8_t state_free = 1;

    void touch(std::uint32_t segment) {
        touched_[segment / 64] |= std::uint64_t{1} << (segment % 64);
    }

    Geometry geometry_;
    std::span<Usage> usage_;
    std::span<std::uint8_t> states_;
    std::span<std::uint64_t> touched_;
    std::uint32_t free_ = 0;
    std::uint32_t hand_ = 0;
    std::uint64_t live_ = 0;
};

}  // namespace libos::fs::log
