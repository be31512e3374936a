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

// The word every event begins with.
constexpr std::uint64_t event_head(abi::EventKind kind, std::uint64_t code, Status status,
                                   std::uint32_t count) {
    return static_cast<std::uint64_t>(kind) | code << 8 |
           static_cast<std::uint64_t>(status) << 16 | std::uint64_t{count} << 32;
}

// One more event, of which only the head is left to say.
inline void extend_history(EnvInfo& info, std::uint64_t head) {
    info.history_hash = trace::mix(info.history_hash, head);
    info.history_events++;
}

// `words`: at most event_words_max, none machine-dependent.
[[gnu::noinline]] inline void record(System& system, Env& env, abi::EventKind kind,
                                     std::uint8_t code, Status status,
                                     const std::uint64_t* words, std::uint32_t count) {
    EnvInfo& info = *env.info;
    extend_history(info, event_head(kind, code, status, count));
    std::uint64_t hash = info.history_hash;
    for (std::uint32_t i = 0; i < count; ++i) hash = trace::mix(hash, words[i]);
    info.history_hash = hash;
    if (system.core.tracing()) [[unlikely]] {
        trace_event(system, env, kind, code, status, words, count);
    }
}

}  // namespace kernel::env
