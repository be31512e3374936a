#include "libos/fs/fat/time.hpp"

#include "kernel/base/order.hpp"

namespace libos::fs::fat {

namespace {

constexpr std::int64_t day_seconds = 86400;
constexpr std::int64_t first_day = 3652;   // 1980-01-01, in days since 1970-01-01
constexpr std::int64_t last_day = 50402;   // 2107-12-31

bool leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

std::int64_t days_in_month(std::int64_t year, std::int64_t month) {
    if (month == 2) return leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

std::int64_t days_in_year(std::int64_t year) { return leap(year) ? 366 : 365; }

}  // namespace

Stamp to_stamp(Timestamp time) {
    std::int64_t seconds = time.seconds;
    if (seconds < first_day * day_seconds) return {.date = 1 << 5 | 1, .time = 0, .tenth = 0};
    seconds = kernel::base::min(seconds, (last_day + 1) * day_seconds - 1);
    std::int64_t day = seconds / day_seconds - first_day;
    std::int64_t year = 1980;
    while (day >= days_in_year(year)) day -= days_in_year(year++);
    std::int64_t month = 1;
    while (day >= days_in_month(year, month)) day -= days_in_month(year, month++);
    const std::int64_t second = seconds % day_seconds;
    const std::int64_t hundredths = second % 2 * 100 + time.nanoseconds / 10'000'000;
    return {.date = static_cast<std::uint16_t>((day + 1) | month << 5 | (year - 1980) << 9),
            .time = static_cast<std::uint16_t>(second % 60 / 2 | second / 60 % 60 << 5 |
                                               second / 3600 << 11),
            .tenth = static_cast<std::uint8_t>(hundredths)};
}

Timestamp to_timestamp(Stamp stamp) {
    using kernel::base::max;
    using kernel::base::min;
    const std::int64_t year = 1980 + (stamp.date >> 9);
    const std::int64_t month = min(max(stamp.date >> 5 & 15, 1), 12);
    std::int64_t days = first_day;
    for (std::int64_t y = 1980; y < year; ++y) days += days_in_year(y);
    for (std::int64_t m = 1; m < month; ++m) days += days_in_month(year, m);
    days += min<std::int64_t>(max(stamp.date & 31, 1), days_in_month(year, month)) - 1;
    const std::int64_t second = min(stamp.time >> 11, 23) * 3600 +
                                min(stamp.time >> 5 & 63, 59) * 60 +
                                min(stamp.time & 31, 29) * 2;
    const std::uint32_t tenth = min<std::uint32_t>(stamp.tenth, 199);
    return {.seconds = days * day_seconds + second + tenth / 100,
            .nanoseconds = tenth % 100 * 10'000'000};
}

}  // namespace libos::fs::fat
