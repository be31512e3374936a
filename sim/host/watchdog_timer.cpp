#include "sim/host/watchdog_timer.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "sim/host/interruption.hpp"

namespace sim::host {

WatchdogTimer::WatchdogTimer(double seconds) {
    if (seconds <= 0) return;
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = watchdog_signal();
    event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer_) != 0) return;
    running_ = true;
    itimerspec often{};
    often.it_interval.tv_sec = static_cast<time_t>(seconds);
    often.it_interval.tv_nsec =
        static_cast<long>((seconds - static_cast<double>(often.it_interval.tv_sec)) * 1e9) + 1;
    often.it_value = often.it_interval;
    timer_settime(timer_, 0, &often, nullptr);
}

WatchdogTimer::~WatchdogTimer() {
    if (running_) timer_delete(timer_);
}

}  // namespace sim::host
