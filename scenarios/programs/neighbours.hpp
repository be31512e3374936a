// Neighbours: the environments that timekeeper starts to share a core, and what each got of it.
#pragma once

#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"

namespace scenarios::programs {

// An environment's argument `share`, which its own program checks again; 1 where it has none.
inline std::uint32_t share_of(const libos::rt::InfoWindow& info,
                              const kernel::abi::EnvRecord& record) {
    constexpr std::string_view key = "share=";
    std::string_view text = info.arguments(record);
    const auto found = [&] {
        return text.size() >= key.size() && std::string_view{text.data(), key.size()} == key;
    };
    while (!text.empty() && !found()) {
        while (!text.empty() && text.front() != '\n') text.remove_prefix(1);
        if (!text.empty()) text.remove_prefix(1);
    }
    if (text.empty()) return 1;
    std::uint32_t share = 0;
    for (text.remove_prefix(key.size()); !text.empty() && text.front() != '\n';) {
        share = share * 10 + static_cast<std::uint32_t>(text.front() - '0');
        text.remove_prefix(1);
    }
    return share;
}

struct Neighbour {
    libos::rt::Child child;
    std::string_view name;
    std::uint32_t share;
    std::int32_t turn_credit = 0;  // timekeeper's, of spreading positions evenly
    std::uint64_t time_ns = 0;     // at the last look
};

class Neighbours {
public:
    explicit Neighbours(libos::rt::Environment& env) : env_{env} {}

    // Starts one for each environment of its core but the first, with `limit` frames each.
    void start(std::uint32_t limit) {
        const libos::rt::InfoWindow& info = env_.info();
        for (std::uint32_t i = 1; i < info.own_records(); ++i) {
            auto options = libos::rt::options_of(env_, info.own_record(i));
            options.limit_frames = limit;
            const auto* record = info.env_record(info.own_record(i));
            Neighbour& one = all_[count_++];
            one.child = env_.must(libos::rt::spawn(env_, options), "starting an environment");
            one.name = libos::rt::InfoWindow::name_of(record->name);
            one.share = share_of(info, *record);
            shares_ += one.share;
        }
    }

    std::span<Neighbour> all() { return {all_, count_}; }
    std::uint32_t shares() const { return shares_; }
    std::uint64_t time_ns(const Neighbour& one) const {
        const volatile auto& info = env_.info().env(one.child.id);
        return info.time_ns;
    }

    // One line each: what it was entitled to, out of `parts`, and got since the last look.
    void report(std::uint64_t window, std::uint64_t elapsed_ns, std::uint32_t parts) {
        for (Neighbour& one : all()) {
            const std::uint64_t used = time_ns(one);
            libos::rt::JsonLine line;
            line.add("window", window)
                .add("who", one.name)
                .add("entitled_permille", one.share * 1000 / parts)
                .add("got_permille", (used - one.time_ns) * 1000 / elapsed_ns);
            env_.report(line);
            one.time_ns = used;
        }
    }

    // Waits until all have ended, and takes back what they had. True: all ended well.
    bool finish() {
        bool good = true;
        for (const Neighbour& one : all()) {
            if (libos::rt::wait(env_, one.child) != 0) good = false;
            libos::rt::destroy(env_, one.child);
        }
        return good;
    }

private:
    libos::rt::Environment& env_;
    Neighbour all_[kernel::abi::cell_envs_max] = {};
    std::uint32_t count_ = 0;
    std::uint32_t shares_ = 0;
};

}  // namespace scenarios::programs
