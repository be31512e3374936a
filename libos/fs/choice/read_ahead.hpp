#pragma once

/// Read-ahead: which blocks come along when one must be read.
///
/// A cache asks plan() at each miss. What the answer names is read in the same request as far as it
/// adjoins the missing block, lies on the device and is not in memory already: advice, which a
/// cache may cut short. Blocks are the device's, so that one policy serves every format; files
/// whose blocks lie together are streams to it, however many are read in turn.
///
/// Invariant: a window has at most window_max blocks.

#include <array>
#include <concepts>
#include <cstdint>

#include "libos/fs/choice/one_of.hpp"

namespace libos::fs::choice {

inline constexpr std::uint32_t window_max = 64;

/// Blocks [first, first + count).
struct Window {
    std::uint64_t first = 0;
    std::uint32_t count = 0;
};

template <class R>
concept ReadAhead = requires(R& policy, std::uint64_t block, std::uint64_t next) {
    /// `block` is missing; the first block behind it that is not read for it anyway is `next`.
    { policy.plan(block, next) } -> std::same_as<Window>;
};

class NoReadAhead {
public:
    static constexpr std::string_view name = "none";
    static constexpr std::string_view summary = "only what was asked for";
    static constexpr std::string_view source = "demand fetching";
    static constexpr Window plan(std::uint64_t, std::uint64_t) { return {}; }
};

class OneBlock {
public:
    static constexpr std::string_view name = "one-block";
    static constexpr std::string_view summary = "the next block";
    static constexpr std::string_view source = "Smith 1978 (one block lookahead)";
    static constexpr Window plan(std::uint64_t, std::uint64_t next) { return {next, 1}; }
};

class FixedWindow {
public:
    static constexpr std::string_view name = "fixed";
    static constexpr std::string_view summary = "the next 15 blocks: clusters of 64 KiB";
    static constexpr std::string_view source = "McVoy and Kleiman 1991 (clustering)";
    static constexpr std::uint32_t blocks = 16;
    static constexpr Window plan(std::uint64_t block, std::uint64_t next) {
        const std::uint64_t end = block + blocks;
        return {next, next < end ? static_cast<std::uint32_t>(end - next) : 0};
    }
};

class WholeGroup {
public:
    static constexpr std::string_view name = "group";
    static constexpr std::string_view summary = "the rest of its aligned 64 KiB, before and behind";
    static constexpr std::string_view source = "Ganger and Kaashoek 1997 (explicit grouping)";
    static constexpr std::uint32_t blocks = 16;
    static constexpr Window plan(std::uint64_t block, std::uint64_t) {
        return {block / blocks * blocks, blocks};
    }
};

/// A window for each of the last streams that were read one behind another: 4 blocks at its second
/// miss, then twice as many at each, up to window_max. A block alone brings nothing along.
class Doubling {
public:
    static constexpr std::string_view name = "doubling";
    static constexpr std::string_view summary = "twice as much at each miss of a sequential stream";
    static constexpr std::string_view source = "Wu et al. 2008 (ondemand readahead)";
    static constexpr std::uint32_t first_window = 4;
    static constexpr std::uint32_t gap_max = 8;  ///< blocks of others that a stream steps over
    static constexpr std::size_t streams_max = 8;

    Window plan(std::uint64_t block, std::uint64_t next) {
        Stream* oldest = &streams_[0];
        for (Stream& stream : streams_) {
            if (stream.follows(block)) {
                stream.window = stream.window == 0 ? first_window : 2 * stream.window;
                if (stream.window > window_max) stream.window = window_max;
                stream.next = next + stream.window;
                stream.used = ++uses_;
                return {next, stream.window};
            }
            if (stream.used < oldest->used) oldest = &stream;
        }
        *oldest = {.next = next, .used = ++uses_, .window = 0};
        return {};
    }

private:
    struct Stream {
        std::uint64_t next = 0;  ///< where its next miss is expected
        std::uint64_t used = 0;  ///< when; 0: never
        std::uint32_t window = 0;
        /// Within the last window too: a cache may have cut it short.
        [[nodiscard]] bool follows(std::uint64_t block) const {
            return used != 0 && block + window >= next && block <= next + gap_max;
        }
    };

    std::array<Stream, streams_max> streams_{};
    std::uint64_t uses_ = 0;
};

using ReadAheads = OneOf<NoReadAhead, OneBlock, FixedWindow, WholeGroup, Doubling>;

/// Any of them.
class AnyReadAhead : public ReadAheads {
public:
    static constexpr Index doubling = 4;
    explicit AnyReadAhead(Index which = 0) : ReadAheads{which} {}
    Window plan(std::uint64_t block, std::uint64_t next) {
        return with([&](auto& policy) { return policy.plan(block, next); });
    }
};

static_assert(ReadAheads::texts[AnyReadAhead::doubling].name == Doubling::name);
static_assert(ReadAhead<NoReadAhead> && ReadAhead<OneBlock> && ReadAhead<FixedWindow> &&
              ReadAhead<WholeGroup> && ReadAhead<Doubling> && ReadAhead<AnyReadAhead>);

}  // namespace libos::fs::choice
