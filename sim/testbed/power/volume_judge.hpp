#pragma once

/// The judge: recovers, mounts, reads, compares, uses and checks a volume as a crash left it.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sim/testbed/power/ledger.hpp"
#include "sim/testbed/power/part_device.hpp"

namespace sim::testbed::power {

/// What a format sees of damage that no crash explains.
enum class Guard : std::uint8_t {
    reads,  ///< everything that is read is verified
    /// Its check verifies everything, reads do not verify data. Damage to what was written since
    /// its last checkpoint looks like a crash: what it was before comes back.
    check,
    none,
};

struct Verdict {
    bool mounted = false;
    bool noticed = false;        ///< an error, or the check found something
    std::uint64_t repairs = 0;   ///< before the mount
    Losses losses;
    bool damaged_more = false;   ///< a repair made worse what could be read before it
    std::string problem;         ///< in words: why it cannot be used, or what the check found
};

class VolumeJudge {
public:
    virtual ~VolumeJudge() = default;

    /// Null: no format of that name. `blocks` of block_bytes.
    static std::unique_ptr<VolumeJudge> create(std::string_view format, std::uint64_t blocks);

    [[nodiscard]] virtual Guard guard() const = 0;
    /// A change is made wholly or not at all, and needs no repair.
    [[nodiscard]] virtual bool whole_changes() const = 0;
    /// After a legal crash: `problem` is empty if it can be used, and checks clean afterwards.
    virtual Verdict crashed(PartDevice device, const Ledger& ledger) = 0;
    /// After damage; then repaired, and looked at again.
    virtual Verdict damaged(PartDevice device, const Ledger& ledger) = 0;
};

}  // namespace sim::testbed::power
