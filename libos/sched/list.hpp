#pragma once

/// The list of schedulers: the one place that names them all.
///
/// Why: a command line or a scenario chooses a scheduler by name at run time, but schedulers are
/// types, with nothing virtual. with_scheduler() unrolls the list at compile time and calls the
/// visitor with the type whose name matches. To add one: one header, one line here, twice
/// (include, type).

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include "libos/sched/cbs.hpp"
#include "libos/sched/deadline_monotonic.hpp"
#include "libos/sched/edf.hpp"
#include "libos/sched/eevdf.hpp"
#include "libos/sched/fair.hpp"
#include "libos/sched/fifo.hpp"
#include "libos/sched/gang.hpp"
#include "libos/sched/lottery.hpp"
#include "libos/sched/mlfq.hpp"
#include "libos/sched/priority.hpp"
#include "libos/sched/processor_sharing.hpp"
#include "libos/sched/rate_monotonic.hpp"
#include "libos/sched/round_robin.hpp"
#include "libos/sched/scheduler.hpp"
#include "libos/sched/sjf.hpp"
#include "libos/sched/srpt.hpp"
#include "libos/sched/stride.hpp"

namespace libos::sched {

template <Scheduler... S>
struct SchedulerList {
    static constexpr std::size_t size = sizeof...(S);
    static constexpr std::array<std::string_view, size> names{S::name...};
    static constexpr std::array<std::string_view, size> summaries{S::summary...};
    static constexpr std::array<std::string_view, size> papers{S::paper...};
};

using Schedulers = SchedulerList<
    Fifo,
    RoundRobin,
    ProcessorSharing,
    Priority,
    Mlfq,
    Lottery,
    Stride,
    Fair,
    Eevdf,
    Srpt,
    Sjf,
    Edf,
    RateMonotonic,
    DeadlineMonotonic,
    Cbs,
    Gang>;

/// The names of all schedulers, in the order of the list.
[[nodiscard]] constexpr const std::array<std::string_view, Schedulers::size>& scheduler_names() {
    return Schedulers::names;
}

/// Call `visitor(std::type_identity<S>{})` with every scheduler in turn.
template <typename Visitor, typename... S>
constexpr void for_each_scheduler(Visitor&& visitor, SchedulerList<S...> = {}) {
    (visitor(std::type_identity<S>{}), ...);
}

/// Call `visitor(std::type_identity<S>{})` for the scheduler called `name`; false: there is none.
template <typename Visitor>
constexpr bool with_scheduler(std::string_view name, Visitor&& visitor) {
    bool found = false;
    for_each_scheduler(
        [&](auto scheduler) {
            using S = typename decltype(scheduler)::type;
            if (found || S::name != name) return;
            found = true;
            visitor(scheduler);
        },
        Schedulers{});
    return found;
}

}  // namespace libos::sched
