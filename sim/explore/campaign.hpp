#pragma once

/// A campaign: many runs of a scenario's cells, on all host processors, until something fails.

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "sim/explore/apart.hpp"

namespace sim::explore {

struct CampaignOptions {
    std::uint64_t runs = 1000;
    StrategyChoice strategy;
    FaultChoice faults;
    std::uint64_t seed = 1;
    std::uint32_t parallel = 1;
    std::uint64_t failures_max = 1;       ///< the campaign ends with so many
    std::uint64_t repeat_every = 64;      ///< of so many runs one is run twice; 0: none
    Decisions prefix;                     ///< every run begins with these
};

struct FoundFailure {
    std::uint64_t run = 0;
    std::size_t subject = 0;
    std::string strategy;
    std::string faults;
    RunReport report;
};

struct Progress {
    std::uint64_t runs = 0;
    std::uint64_t events = 0;
    std::uint64_t probes = 0;       ///< reached in any run, a bit each
    std::uint64_t repeated = 0;     ///< runs that were run twice
    std::set<std::uint64_t> schedules;   ///< the distinct histories' hashes
    std::vector<std::uint64_t> diverged;  ///< runs that were not the same the second time
    std::vector<FoundFailure> failures;
    bool interrupted = false;
};

/// Learns `subject.baseline` from a run that nobody interferes with; that run's report. One of
/// more than `events_max` events is endless.
[[nodiscard]] RunReport learn_baseline(Subject& subject, std::uint64_t slice_ns,
                                       std::uint32_t cores,
                                       std::uint64_t events_max = 100'000'000);

/// The chooser of one run.
[[nodiscard]] std::unique_ptr<Chooser> chooser_of(const Subject& subject,
                                                  const CampaignOptions& options,
                                                  std::uint64_t run, std::size_t subjects);
/// Where its checkers begin.
[[nodiscard]] std::uint64_t start_of(const Subject& subject, const CampaignOptions& options,
                                     std::uint64_t run);

/// Run number i explores `subjects[i % subjects.size()]`. `on_progress` is called as batches end.
[[nodiscard]] Progress explore(const std::vector<Subject>& subjects,
                               const CampaignOptions& options,
                               const std::function<void(const Progress&)>& on_progress);

/// What the search says where it found nothing, in sentences. `runs` of them were made.
[[nodiscard]] std::string meaning_of(const CampaignOptions& options,
                                     const std::vector<Subject>& subjects,
                                     const Progress& progress);

}  // namespace sim::explore
