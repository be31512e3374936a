#pragma once

/// What a crash may leave of a recorded disk.
///
/// Within one epoch every sector ends as it was before, or as any of the epoch's writes to it left
/// it, independently of every other sector. A crash earlier in an epoch leaves no other states
/// than a crash at its end, so each epoch is visited once:
///  - few writes: every subset of them, whole, in order (2^n states);
///  - more: every prefix, every one missing, every one alone, and random subsets;
///  - torn and overtaking: random choices for each sector, by seed.

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "sim/testbed/crash/recording.hpp"

namespace sim::testbed::crash {

struct CrashBounds {
    std::uint32_t subset_writes_max = 8;  ///< so many writes are tried in all subsets
    std::uint32_t random_subsets = 64;    ///< of an epoch with more writes
    std::uint32_t torn = 8;               ///< states of an epoch with sectors chosen at random
    std::uint64_t seed = 1;
    std::int64_t only_state = -1;         ///< if not negative, visit this state alone
    std::uint32_t part = 0;               ///< visit the states whose number modulo `parts` it is
    std::uint32_t parts = 1;
};

/// A disk after a crash. What is written to it is taken back before the next state.
class CrashDevice {
public:
    CrashDevice(std::vector<std::byte> image, std::uint32_t block_size)
        : block_size_{block_size}, image_{std::move(image)} {}

    [[nodiscard]] std::uint32_t block_size() const { return block_size_; }
    [[nodiscard]] std::uint64_t blocks() const { return image_.size() / block_size_; }
    libos::fs::Result<void> read(std::uint64_t first, std::span<std::byte> into);
    libos::fs::Result<void> write(std::uint64_t first, std::span<const std::byte> from);
    libos::fs::Result<void> flush() { return {}; }
    [[nodiscard]] const std::vector<std::byte>& image() const { return image_; }

    /// How many writes are not settled; what was written behind so many is taken back.
    [[nodiscard]] std::size_t changes() const { return undo_.size(); }
    void take_back(std::size_t changes);
    /// What was written stays.
    void settle() { undo_.clear(); }

private:
    friend class CrashStates;
    struct Undo {
        std::uint64_t at;
        std::vector<std::byte> bytes;
    };
    void put(std::uint64_t at, std::span<const std::byte> from);
    void revert() { take_back(0); }

    std::uint32_t block_size_;
    std::vector<std::byte> image_;
    std::vector<Undo> undo_;
};

/// A state by name.
struct CrashState {
    std::uint64_t number = 0;   ///< counts from 0 through all epochs
    std::size_t epoch = 0;
    /// The highest mark of the epoch. The crash may have come at the epoch's end: what was promised
    /// up to this mark must be there, whichever writes were lost.
    std::uint64_t mark = 0;
    bool torn = false;          ///< sectors were chosen one by one
    std::string text;           ///< "epoch 3: writes 1 2 of 4"
};

class CrashStates {
public:
    CrashStates(const Recording& recording, std::uint32_t block_size, const CrashBounds& bounds)
        : recording_{recording}, device_{recording.image, block_size}, bounds_{bounds},
          random_{bounds.seed} {}

    /// Calls `visit` for every state, until it answers false. How many it was called for.
    using Visit = std::function<bool(CrashDevice& device, const CrashState& state)>;
    std::uint64_t for_each(const Visit& visit);

private:
    bool visit_epoch(std::size_t epoch, const Visit& visit);
    bool visit_subset(const Epoch& epoch, const std::vector<bool>& chosen, CrashState state,
                      const Visit& visit);
    bool visit_torn(const Epoch& epoch, CrashState state, const Visit& visit);
    bool show(const CrashState& state, const Visit& visit);
    [[nodiscard]] std::vector<std::vector<bool>> subsets(std::size_t writes);

    const Recording& recording_;
    CrashDevice device_;
    CrashBounds bounds_;
    std::mt19937_64 random_;
    std::uint64_t number_ = 0;
    std::uint64_t visited_ = 0;
};

}  // namespace sim::testbed::crash
