#include "sim/testbed/timeline/perfetto.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <protozero/pbf_writer.hpp>

#include "kernel/abi/call.hpp"
#include "sim/testbed/event_text.hpp"

namespace sim::testbed::timeline {

namespace {

using kernel::abi::Call;
using kernel::abi::EnvId;
using kernel::abi::Event;
using kernel::abi::EventKind;
using protozero::pbf_writer;

// Field numbers of perfetto.protos.
namespace trace {
constexpr std::uint32_t packet = 1;
}
namespace packet {
constexpr std::uint32_t timestamp = 8, sequence_id = 10, track_event = 11, track_descriptor = 60;
}
namespace descriptor {
constexpr std::uint32_t uuid = 1, name = 2, parent_uuid = 5;
}
namespace track_event {
constexpr std::uint32_t annotation = 4, type = 9, track_uuid = 11, name = 23, flow = 47,
                        terminating_flow = 48;
constexpr std::int32_t slice_begin = 1, slice_end = 2, instant = 3;
}
namespace annotation {
constexpr std::uint32_t text = 6, name = 10;
}

constexpr std::uint32_t sequence = 1;
constexpr std::uint64_t core_track(std::uint32_t core) { return 1 + core; }
constexpr std::uint64_t env_track(EnvId env) { return 0x10000 + env.value; }

class Writer {
public:
    explicit Writer(const History& history) : history_{history}, running_(history.cores) {}

    std::string write() {
        for (std::uint32_t core = 0; core < history_.cores; ++core) {
            describe(core_track(core), fmt::format("core {}", core), 0);
        }
        for (const Event& event : history_.events) {
            if (core_of(event.env) < history_.cores) add(event);
        }
        for (std::uint32_t core = 0; core < history_.cores; ++core) {
            if (running_[core]) edge(core, last_ns_, track_event::slice_end, {});
        }
        return bytes_;
    }

private:
    void describe(std::uint64_t uuid, const std::string& name, std::uint64_t parent) {
        pbf_writer one{out_, trace::packet};
        one.add_uint32(packet::sequence_id, sequence);
        pbf_writer track{one, packet::track_descriptor};
        track.add_uint64(descriptor::uuid, uuid);
        track.add_string(descriptor::name, name);
        if (parent != 0) track.add_uint64(descriptor::parent_uuid, parent);
    }

    // `fill` writes what else the event has.
    template <class Fill>
    void put(std::uint64_t ns, std::int32_t type, std::uint64_t track, const std::string& name,
             const Fill& fill) {
        pbf_writer one{out_, trace::packet};
        one.add_uint64(packet::timestamp, ns);
        one.add_uint32(packet::sequence_id, sequence);
        pbf_writer event{one, packet::track_event};
        event.add_enum(track_event::type, type);
        event.add_uint64(track_event::track_uuid, track);
        if (!name.empty()) event.add_string(track_event::name, name);
        fill(event);
    }

    void edge(std::uint32_t core, std::uint64_t ns, std::int32_t type, const std::string& name) {
        put(ns, type, core_track(core), name, [](pbf_writer&) {});
    }

    void add(const Event& event) {
        const std::uint32_t core = core_of(event.env);
        last_ns_ = std::max(last_ns_, event.time.value);
        Env& env = envs_[event.env.value];
        if (!env.described) {
            describe(env_track(event.env),
                     fmt::format("env {} {}", event.env.value, history_.name_of(event.env)),
                     core_track(core));
            env.described = true;
        }
        if (running_[core] != event.env) {
            if (running_[core]) edge(core, event.time.value, track_event::slice_end, {});
            edge(core, event.time.value, track_event::slice_begin, history_.name_of(event.env));
            running_[core] = event.env;
        }
        put(event.time.value, track_event::instant, env_track(event.env), event_name(event),
            [&](pbf_writer& out) {
                annotate(out, "words", words_text(event));
                if (event.kind == EventKind::call || event.kind == EventKind::transfer) {
                    annotate(out, "status", status_text(event));
                }
                add_flows(out, event, env);
            });
    }

    static void annotate(pbf_writer& event, const char* name, const std::string& value) {
        pbf_writer one{event, track_event::annotation};
        one.add_string(annotation::name, name);
        one.add_string(annotation::text, value);
    }

    struct Env {
        bool described = false;
        bool serves = false;        // its last call was transfer_wait, and not transfer_call
        std::uint64_t asked = 0;    // the flow of its call that nobody got yet, or 0
        std::uint64_t answer = 0;   // the flow of the reply that it has not got yet, or 0
        std::optional<std::uint16_t> caller;  // whom it owes a reply
    };

    // Who gets a call is known when it comes back from its wait: with the caller's EnvId.
    void add_flows(pbf_writer& out, const Event& event, Env& env) {
        if (event.kind == EventKind::transfer) {
            const auto caller = static_cast<std::uint16_t>(event.words[0]);
            if (!env.serves) {
                end_flow(out, env.answer);
            } else if (event.status == 0 && event.word_count > 0 && caller != 0) {
                end_flow(out, envs_[caller].asked);
                env.caller = caller;
            }
        } else if (event.kind == EventKind::call) {
            const bool waits = event.code == static_cast<std::uint8_t>(Call::transfer_wait);
            const bool asks = event.code == static_cast<std::uint8_t>(Call::transfer_call);
            if (waits || asks) env.serves = waits;
            if (asks) env.asked = begin_flow(out);
            if (waits && env.caller) envs_[*env.caller].answer = begin_flow(out);
            if (waits) env.caller.reset();
        }
    }
    std::uint64_t begin_flow(pbf_writer& out) {
        out.add_fixed64(track_event::flow, ++flows_);
        return flows_;
    }
    static void end_flow(pbf_writer& out, std::uint64_t& flow) {
        if (flow != 0) out.add_fixed64(track_event::terminating_flow, flow);
        flow = 0;
    }

    const History& history_;
    std::string bytes_;
    pbf_writer out_{bytes_};
    std::vector<std::optional<EnvId>> running_;  // by core: whose events came last
    std::map<std::uint16_t, Env> envs_;
    std::uint64_t flows_ = 0;
    std::uint64_t last_ns_ = 0;
};

}  // namespace

std::string to_perfetto(const History& history) { return Writer{history}.write(); }

}  // namespace sim::testbed::timeline
