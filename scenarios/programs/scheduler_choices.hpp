// The names of all schedulers, as the choices of an argument.
#pragma once

#include <array>
#include <string_view>

#include "libos/sched/list.hpp"

namespace scenarios::programs {

inline constexpr std::size_t scheduler_choices_size = [] {
    std::size_t size = 0;
    for (const std::string_view name : libos::sched::scheduler_names()) size += name.size() + 1;
    return size;
}();

inline constexpr std::array<char, scheduler_choices_size> scheduler_choices_text = [] {
    std::array<char, scheduler_choices_size> text{};
    std::size_t at = 0;
    for (const std::string_view name : libos::sched::scheduler_names()) {
        for (const char c : name) text[at++] = c;
        text[at++] = ' ';
    }
    return text;
}();

inline constexpr std::string_view scheduler_choices{scheduler_choices_text.data(),
                                                    scheduler_choices_size - 1};

}  // namespace scenarios::programs
