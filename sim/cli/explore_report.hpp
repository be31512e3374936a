#pragma once

/// What `explore` says while it runs and at its end.

#include <chrono>
#include <string>

#include "sim/explore/campaign.hpp"

namespace sim::cli {

class ExploreReport {
public:
    explicit ExploreReport(std::uint64_t runs);

    /// The progress line, on a terminal only.
    void progress(const explore::Progress& progress) const;
    void clear() const;
    [[nodiscard]] double seconds() const;

    /// Runs, rates, probes and what the search means, in lines.
    [[nodiscard]] std::string text(const explore::Progress& progress,
                                   const std::string& meaning) const;
    [[nodiscard]] std::string json(const explore::Progress& progress) const;

private:
    std::uint64_t runs_;
    bool terminal_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace sim::cli
