// WatchdogTimer: ticks a thread by the CPU time it burns; each tick is an Interruption.
//
// CPU time, not wall time: a stopped or starved process must not be reported.
#pragma once

#include <ctime>

namespace sim::host {

class WatchdogTimer {
public:
    // Ticks every `seconds` of this thread's CPU time, while it lives; 0 or less: never.
    explicit WatchdogTimer(double seconds);
    WatchdogTimer(const WatchdogTimer&) = delete;
    WatchdogTimer& operator=(const WatchdogTimer&) = delete;
    ~WatchdogTimer();

private:
    timer_t timer_{};
    bool running_ = false;
};

}  // namespace sim::host
