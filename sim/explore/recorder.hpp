#pragma once

/// Recorder: the director of an explored run. Asks a chooser, writes down what was decided, counts
/// what was reached, and stops a run that does not end or has failed already.

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "sim/checkers/progress.hpp"
#include "sim/explore/chooser.hpp"
#include "sim/machine/director.hpp"

namespace sim::explore {

struct Limits {
    std::uint64_t events = 0;
    std::uint64_t time_ns = 0;
    std::uint64_t quiet_events = ~std::uint64_t{0};  ///< after so many nothing more is decided,
    std::uint64_t progress_events = 0;  ///< and whoever can run gets on within so many (0: no look)
};

/// Called when a checker has found something, before the machine goes on: a place for a breakpoint.
void failure_shows(const std::string& text);

class Recorder : public machine::Director {
public:
    Recorder(Chooser& chooser, const Limits& limits, std::uint32_t cores)
        : chooser_{chooser},
          limits_{limits},
          events_(cores),
          asked_(cores),
          later_(cores),
          progress_{limits.progress_events} {}

    void begins(const machine::MachineView& machine) override { machine_ = &machine; }
    machine::Interference after_event(std::uint32_t core, const kernel::abi::Event& event,
                                      kernel::abi::Instant now) override;
    void stalls(std::uint32_t core) override;
    std::uint64_t disturb(std::uint32_t core, kernel::machine::Site site) override;
    void reached(kernel::machine::Probe probe) override {
        probes_ |= std::uint64_t{1} << static_cast<unsigned>(probe);
    }

    /// While it runs.
    [[nodiscard]] const machine::MachineView& machine() const { return *machine_; }
    /// A checker found something: the run ends with the next event.
    void fail(std::string text) {
        if (text.empty() || !failure_.empty()) return;
        failure_ = std::move(text);
        failure_shows(failure_);
    }
    /// Called as each decision takes effect.
    std::function<void(const Recorder&, const Decision&, const kernel::abi::Event*)> on_decision;

    [[nodiscard]] const Decisions& decisions() const { return decisions_; }
    [[nodiscard]] std::uint64_t probes() const { return probes_; }
    [[nodiscard]] std::uint64_t events() const { return count_; }
    [[nodiscard]] const std::string& failure() const { return failure_; }
    [[nodiscard]] bool endless() const { return endless_; }
    /// Who had no event for longest, of an endless run.
    [[nodiscard]] std::string standing() const { return progress_.longest(count_); }

private:
    using Asked = std::array<std::uint64_t, kind_names.size()>;

    std::uint64_t note(DecisionKind kind, std::uint32_t core, std::uint64_t at,
                       std::uint64_t value, const kernel::abi::Event* event);
    void look();
    std::uint64_t stand_still(std::uint32_t core, const kernel::abi::Event& event,
                              kernel::abi::Instant now);
    void look_at_translations(std::uint32_t core, const kernel::abi::Event& event);
    [[nodiscard]] bool quiet() const { return count_ > limits_.quiet_events; }

    const machine::MachineView* machine_ = nullptr;
    Chooser& chooser_;
    Limits limits_;
    std::uint64_t count_ = 0;
    std::vector<std::uint64_t> events_;  // by core
    std::vector<Asked> asked_;           // by core
    Decisions decisions_;
    std::vector<Decision> later_;  // by core: the stall that is to begin
    std::uint64_t stalled_ns_ = 0;  // of all cores: time in which a run cannot get on
    std::uint64_t probes_ = 0;
    std::string failure_;
    bool endless_ = false;
    checkers::Progress progress_;
};

}  // namespace sim::explore
