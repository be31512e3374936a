#pragma once

/// Write-back: when a block that was changed in memory goes to the device, and which one first.
///
/// A cache asks due() between operations, again and again, until the answer is no; each yes writes
/// one block (Order::age) or one run of neighbours (Order::place). Whatever the answers, eviction
/// and flush write what they must: a policy moves writes in time and loses none.
///
/// Invariant: due() says no once nothing is dirty that was dirty at the first yes.

#include <concepts>
#include <cstdint>

#include "libos/fs/choice/one_of.hpp"

namespace libos::fs::choice {

/// What a policy knows. At least one block is dirty.
struct DirtyState {
    std::uint32_t dirty = 0;      ///< blocks
    std::uint32_t slots = 0;      ///< blocks that the cache holds
    std::uint64_t now_ns = 0;     ///< as its user's clock says
    std::uint64_t oldest_ns = 0;  ///< when the block that is dirty longest became so
};

/// age: the block that is dirty longest. place: the next one upwards of the last that was written,
/// with its neighbours in one request.
enum class Order : std::uint8_t { age, place };

struct WriteBackSettings {
    std::uint64_t age_ns = 30'000'000'000;  ///< of update and aged
    std::uint32_t high_percent = 40;        ///< of high-water and elevator: dirty blocks
    std::uint32_t low_percent = 20;
};

template <class W>
concept WriteBack = requires(W& policy, const W& fixed, const DirtyState& state) {
    { fixed.order() } -> std::same_as<Order>;
    { policy.due(state) } -> std::same_as<bool>;
};

/// Nothing before it must: eviction, fsync, sync.
class AtSync {
public:
    static constexpr std::string_view name = "at-sync";
    static constexpr std::string_view summary = "write when room is needed, or at a sync";
    static constexpr std::string_view source = "Ousterhout et al. 1985 (write-back on ejection)";
    explicit AtSync(const WriteBackSettings& = {}) {}
    [[nodiscard]] static constexpr Order order() { return Order::place; }
    static constexpr bool due(const DirtyState&) { return false; }
};

/// Everything after each operation.
class Through {
public:
    static constexpr std::string_view name = "through";
    static constexpr std::string_view summary = "write each change at once";
    static constexpr std::string_view source = "Ousterhout et al. 1985 (write-through)";
    explicit Through(const WriteBackSettings& = {}) {}
    [[nodiscard]] static constexpr Order order() { return Order::age; }
    static constexpr bool due(const DirtyState&) { return true; }
};

/// Two marks: what begins at the high one ends at the low one.
class Hysteresis {
public:
    explicit Hysteresis(const WriteBackSettings& settings = {}) : settings_{settings} {}
    bool due(const DirtyState& state) {
        const std::uint64_t share = std::uint64_t{state.dirty} * 100;
        if (share > std::uint64_t{state.slots} * settings_.high_percent) writing_ = true;
        if (share <= std::uint64_t{state.slots} * settings_.low_percent) writing_ = false;
        return writing_;
    }

private:
    WriteBackSettings settings_;
    bool writing_ = false;
};

/// The oldest first, from the high mark down to the low one.
class HighWater : public Hysteresis {
public:
    static constexpr std::string_view name = "high-water";
    static constexpr std::string_view summary = "the oldest, while too much is dirty";
    static constexpr std::string_view source = "Biswas et al. 1993 (hysteresis)";
    using Hysteresis::Hysteresis;
    [[nodiscard]] static constexpr Order order() { return Order::age; }
};

/// As high-water, in one sweep upwards over the disk, neighbours together.
class Elevator : public Hysteresis {
public:
    static constexpr std::string_view name = "elevator";
    static constexpr std::string_view summary = "a sweep over the disk, while too much is dirty";
    static constexpr std::string_view source = "Denning 1967 (SCAN); Gill and Modha 2005";
    using Hysteresis::Hysteresis;
    [[nodiscard]] static constexpr Order order() { return Order::place; }
};

/// Everything, every so often: Unix's update.
class Update {
public:
    static constexpr std::string_view name = "update";
    static constexpr std::string_view summary = "all that is dirty, every 30 seconds";
    static constexpr std::string_view source = "Carson and Setia 1992 (periodic update)";
    explicit Update(const WriteBackSettings& settings = {}) : age_ns_{settings.age_ns} {}
    [[nodiscard]] static constexpr Order order() { return Order::place; }
    bool due(const DirtyState& state) {
        if (state.now_ns - swept_ns_ >= age_ns_) swept_ns_ = state.now_ns;
        return state.oldest_ns < swept_ns_;
    }

private:
    std::uint64_t age_ns_;
    std::uint64_t swept_ns_ = 0;
};

/// Each block when it was dirty for so long: no bursts.
class Aged {
public:
    static constexpr std::string_view name = "aged";
    static constexpr std::string_view summary = "each block that was dirty for 30 seconds";
    static constexpr std::string_view source = "Mogul 1994 (interval periodic write-back)";
    explicit Aged(const WriteBackSettings& settings = {}) : age_ns_{settings.age_ns} {}
    [[nodiscard]] static constexpr Order order() { return Order::age; }
    bool due(const DirtyState& state) const {
        return state.now_ns >= state.oldest_ns && state.now_ns - state.oldest_ns >= age_ns_;
    }

private:
    std::uint64_t age_ns_;
};

using WriteBacks = OneOf<AtSync, Through, HighWater, Elevator, Update, Aged>;

/// Any of them.
class AnyWriteBack : public WriteBacks {
public:
    explicit AnyWriteBack(Index which = 0, const WriteBackSettings& settings = {})
        : WriteBacks{which, settings},
          order_{with([](const auto& policy) { return policy.order(); })} {}
    [[nodiscard]] Order order() const { return order_; }
    bool due(const DirtyState& state) {
        return with([&state](auto& policy) { return policy.due(state); });
    }

private:
    Order order_;
};

static_assert(WriteBack<AtSync> && WriteBack<Through> && WriteBack<HighWater> &&
              WriteBack<Elevator> && WriteBack<Update> && WriteBack<Aged> &&
              WriteBack<AnyWriteBack>);

}  // namespace libos::fs::choice
