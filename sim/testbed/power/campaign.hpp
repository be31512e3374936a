#pragma once

/// The campaign: every crash of a workload that its disk's cache allows, and damage, judged.
///
/// Which states there are: sim/testbed/crash/crash_states.hpp. Damage is done to the disk as each
/// flush left it: a bit of a written block rots, a written block cannot be read, a write before
/// the flush went to another block.
/// States are numbered alike however the work is divided.
/// Decision: kernel/design/0017-every-crash.md.

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "sim/testbed/crash/crash_states.hpp"
#include "sim/testbed/scenario.hpp"

namespace sim::testbed::power {

/// What was done to the disk, and who judged it.
enum class Kind : std::uint8_t { lost, torn, machine, rot, latent, misdirected };
inline constexpr std::array<std::string_view, 6> kind_names{"lost writes", "torn writes",
                                                            "on the machine", "bit rot",
                                                            "latent error", "misdirected"};

struct PowerOptions {
    crash::CrashBounds bounds;
    bool ignore_flushes = false;        ///< a control: promises must be broken
    /// Of so many states one is recovered on the machine too; 0: none is.
    std::uint32_t machine_every = 100;
    std::uint32_t damages = 2;          ///< of each kind, a flush; 0: none
};

/// Of one volume and one kind, in states.
struct Tally {
    std::uint64_t states = 0;
    std::uint64_t clean = 0;     ///< everything as promised, nothing to repair or to complain of
    std::uint64_t repaired = 0;  ///< everything as promised after the check's repair
    std::uint64_t noticed = 0;   ///< damage was answered with an error, or the check named it
    std::uint64_t refused = 0;   ///< it did not mount
    std::uint64_t silent = 0;    ///< files were as they never had been, and nothing said so
    std::uint64_t rolled_back = 0;  ///< files were as they once had been, and nothing said so
    std::uint64_t broken = 0;    ///< what the format guarantees did not hold
    std::uint64_t files_pending = 0;     ///< files whose unfinished changes were lost in part
    std::uint64_t files_unreadable = 0;
    std::uint64_t files_wrong = 0;       ///< not as promised
    std::uint64_t repairs_harmed = 0;    ///< after them a file was gone that had been right

    void add(const Tally& other);
};

/// A guarantee that did not hold, or damage that nothing told of.
struct Breach {
    std::uint64_t state = 0;
    Kind kind{};
    std::string where;
    std::string what;
};

inline constexpr std::size_t breaches_max = 3;  ///< of a volume, that are kept

struct VolumeResult {
    std::string environment;
    std::string format;
    std::array<Tally, kind_names.size()> tallies{};
    std::vector<Breach> breaches{};
    std::uint64_t statements = 0;
    std::uint64_t files_pending_most = 0;
};

struct CampaignResult {
    std::vector<VolumeResult> volumes;
    std::uint64_t writes = 0;       ///< blocks
    std::uint64_t flushes = 0;
    std::uint64_t epochs = 0;
    std::uint64_t epochs_whole = 0; ///< of which every subset was a state
    std::uint64_t epoch_most = 0;   ///< writes

    /// Of the same campaign, another part.
    void add(const CampaignResult& other);
};

/// Cell `cell`'s states with number % bounds.parts == bounds.part. Errors: as record_workload().
[[nodiscard]] std::expected<CampaignResult, std::string> run_campaign(const Scenario& scenario,
                                                                      std::uint32_t cell,
                                                                      const PowerOptions& options);

/// For the way between processes.
[[nodiscard]] std::string encode(const CampaignResult& result);
[[nodiscard]] std::expected<CampaignResult, std::string> decode(std::string_view text);

}  // namespace sim::testbed::power
