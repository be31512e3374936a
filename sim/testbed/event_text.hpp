#pragma once

/// Events in words, and the first place where two histories part.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "kernel/abi/event.hpp"

namespace sim::testbed {

/// `map(env 0, slot 12, ...) -> ok, value 0`, with its time and environment, and
/// where the cell has several cores its core.
[[nodiscard]] std::string event_text(const kernel::abi::Event& event, bool several_cores);

/// `map`, `upcall page_fault`, `fault 14`, `ended: exited`, `console`, `transfer came back`.
[[nodiscard]] std::string event_name(const kernel::abi::Event& event);

/// Of a call's or transfer's end: `ok`, `no_right`, ...
[[nodiscard]] std::string status_text(const kernel::abi::Event& event);

/// The event's recorded words: `0x48, 0x0`.
[[nodiscard]] std::string words_text(const kernel::abi::Event& event);

/// The first position at which the histories differ; nothing where they are equal. `with_time`:
/// the same event at another virtual time counts as a difference.
[[nodiscard]] std::optional<std::size_t> first_difference(
    std::span<const kernel::abi::Event> left, std::span<const kernel::abi::Event> right,
    bool with_time);

/// The events before `position` that both share, then each side's own.
[[nodiscard]] std::string divergence_text(std::span<const kernel::abi::Event> left,
                                          std::span<const kernel::abi::Event> right,
                                          std::size_t position, const std::string& left_name,
                                          const std::string& right_name);

/// Where two histories of one cell on two machines part: of its cores, each compared by itself
/// since only its own order of events is a fact, the one that does so first. Empty: nowhere.
[[nodiscard]] std::string machines_divergence(std::span<const kernel::abi::Event> left,
                                              std::span<const kernel::abi::Event> right,
                                              std::uint32_t cores, const std::string& left_name,
                                              const std::string& right_name);

}  // namespace sim::testbed
