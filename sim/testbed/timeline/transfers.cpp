#include "sim/testbed/timeline/transfers.hpp"

#include <map>
#include <optional>
#include <utility>

#include "kernel/abi/call.hpp"

namespace sim::testbed::timeline {

namespace {

using kernel::abi::Call;
using kernel::abi::Event;
using kernel::abi::EventKind;

class Transfers {
public:
    void add(std::size_t place, const Event& event) {
        Env& env = envs_[event.env.value];
        if (event.kind == EventKind::transfer) return came_back(place, event, env);
        if (event.kind != EventKind::call) return;
        const bool waits = event.code == static_cast<std::uint8_t>(Call::transfer_wait);
        const bool asks = event.code == static_cast<std::uint8_t>(Call::transfer_call);
        if (waits || asks) env.serves = waits;
        if (asks) env.asked = place;
        if (waits && env.caller) envs_[*env.caller].answer = place;
        if (waits) env.caller.reset();
    }
    std::vector<Arrow> take() { return std::move(arrows_); }

private:
    using Place = std::optional<std::size_t>;
    struct Env {
        bool serves = false;  // its last call was transfer_wait, and not transfer_call
        Place asked;          // its call that nobody got yet
        Place answer;         // the reply that it has not got yet
        std::optional<std::uint16_t> caller;  // whom it owes a reply
    };

    // Who gets a call is known when it comes back from its wait: with the caller's EnvId.
    void came_back(std::size_t place, const Event& event, Env& env) {
        const auto caller = static_cast<std::uint16_t>(event.words[0]);
        if (!env.serves) {
            arrive(env.answer, place);
        } else if (event.status == 0 && event.word_count > 0 && caller != 0) {
            arrive(envs_[caller].asked, place);
            env.caller = caller;
        }
    }
    void arrive(Place& from, std::size_t place) {
        if (from) arrows_.push_back({*from, place});
        from.reset();
    }

    std::map<std::uint16_t, Env> envs_;
    std::vector<Arrow> arrows_;
};

}  // namespace

std::vector<Arrow> transfers_of(const History& history) {
    Transfers transfers;
    for (std::size_t i = 0; i < history.events.size(); ++i) transfers.add(i, history.events[i]);
    return transfers.take();
}

}  // namespace sim::testbed::timeline
