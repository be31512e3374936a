// Recording: each event of an environment goes into its history hash, and to the trace.
#pragma once

#include "kernel/env/system.hpp"
#include "kernel/trace/history.hpp"

namespace kernel::env {

inline void trace_event(System& system, const Env& env, abi::EventKind kind, std::uint8_t code,
                        Status status, const std::uint64_t* words, std::uint32_t count) {
    abi::Event event{};
    event.time = system.core.now();
    event.env = env.id;
    event.kind = kind;
    event.code = code;
    event.word_count = static_cast<std::uint8_t>(count);
    event.status = static_cast<std::uint16_t>(status);
    for (std::uint32_t i = 0; i < count; ++i) event.words[i] = words[i];
    system.core.event(event);
}

// `words`: at most event_words_max, none machine-dependent.
inline void record(System& system, Env& env, abi::EventKind kind, std::uint8_t code,
                   Status status, const std::uint64_t* words, std::uint32_t count) {
    EnvInfo& info = *env.info;
    std::uint64_t hash = trace::mix(
        info.history_hash, static_cast<std::uint64_t>(kind) | std::uint64_t{code} << 8 |
                               static_cast<std::uint64_t>(status) << 16 |
                               std::uint64_t{count} << 32);
    for (std::uint32_t i = 0; i < count; ++i) hash = trace::mix(hash, words[i]);
    info.history_hash = hash;
    info.history_events++;
    if (system.core.tracing()) [[unlikely]] {
        trace_event(system, env, kind, code, status, words, count);
    }
}

}  // namespace kernel::env
