#include "sim/testbed/timeline/perfetto.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <protozero/pbf_writer.hpp>

#include "sim/testbed/event_text.hpp"
#include "sim/testbed/timeline/transfers.hpp"

namespace sim::testbed::timeline {

namespace {

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
        std::uint64_t flows = 0;
        for (const Arrow& one : transfers_of(history_)) {
            begins_.emplace(one.from, ++flows);
            ends_.emplace(one.to, flows);
        }
        for (std::size_t i = 0; i < history_.events.size(); ++i) {
            if (core_of(history_.events[i].env) < history_.cores) add(i, history_.events[i]);
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

    void add(std::size_t place, const Event& event) {
        const std::uint32_t core = core_of(event.env);
        last_ns_ = std::max(last_ns_, event.time.value);
        if (described_.insert(event.env.value).second) {
            describe(env_track(event.env),
                     fmt::format("env {} {}", event.env.value, history_.name_of(event.env)),
                     core_track(core));
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
                add_flows(out, place);
            });
    }

    static void annotate(pbf_writer& event, const char* name, const std::string& value) {
        pbf_writer one{event, track_event::annotation};
        one.add_string(annotation::name, name);
        one.add_string(annotation::text, value);
    }

    void add_flows(pbf_writer& out, std::size_t place) {
        const auto [first, last] = begins_.equal_range(place);
        for (auto it = first; it != last; ++it) out.add_fixed64(track_event::flow, it->second);
        const auto end = ends_.find(place);
        if (end != ends_.end()) out.add_fixed64(track_event::terminating_flow, end->second);
    }

    const History& history_;
    std::string bytes_;
    pbf_writer out_{bytes_};
    std::vector<std::optional<EnvId>> running_;  // by core: whose events came last
    std::set<std::uint16_t> described_;
    std::multimap<std::size_t, std::uint64_t> begins_;  // flows, by the event's place
    std::map<std::size_t, std::uint64_t> ends_;
    std::uint64_t last_ns_ = 0;
};

}  // namespace

std::string to_perfetto(const History& history) { return Writer{history}.write(); }

}  // namespace sim::testbed::timeline
