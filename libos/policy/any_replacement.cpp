#include "libos/policy/any_replacement.hpp"

#include <new>

#include "libos/policy/list.hpp"

namespace libos::policy {

struct AnyReplacementTables {
    using Table = AnyReplacement::Table;
    using Arena = kernel::base::Arena;

    struct Kind {
        std::size_t (*bytes)(const Config&);
        void* (*build)(Arena&, const Config&);
        Table table;
    };

    struct alignas(16) Line {
        std::byte bytes[16];
    };
    static constexpr std::size_t lines(std::size_t bytes) { return (bytes + 15) / 16; }

    template <class P>
    static P& self(void* policy) {
        return *static_cast<P*>(policy);
    }

    template <class P>
    static constexpr Kind kind() {
        static_assert(alignof(P) <= alignof(Line));
        return {
            [](const Config& config) {
                return Arena::room<Line>(lines(sizeof(P))) + P::bytes(config);
            },
            [](Arena& arena, const Config& config) -> void* {
                return new (arena.take<Line>(lines(sizeof(P))).data()) P{arena, config};
            },
            {[](void* p, PageId page, Hint hint) { self<P>(p).hit(page, hint); },
             [](void* p, PageId page) { return self<P>(p).evict(page); },
             [](void* p, PageId page, Hint hint) { self<P>(p).insert(page, hint); },
             [](void* p, PageId page) { self<P>(p).remove(page); },
             [](void* p, std::uint64_t capacity) { self<P>(p).resize(capacity); },
             [](void* p) { self<P>(p).tick(); }}};
    }
};

namespace {

using Tables = AnyReplacementTables;

template <class... P>
constexpr std::size_t count_of(PolicyList<P...>) {
    return (std::size_t{0} + ... + (clairvoyant<P> ? 0u : 1u));
}
constexpr std::size_t count = count_of(Policies{});

struct All {
    std::array<std::string_view, count> names;
    std::array<Tables::Kind, count> kinds;
};

constexpr All make_all() {
    All all{};
    std::size_t at = 0;
    for_each_policy(
        [&](auto policy) {
            using P = typename decltype(policy)::type;
            if constexpr (!clairvoyant<P>) {
                all.names[at] = P::name;
                all.kinds[at++] = Tables::kind<P>();
            }
        },
        Policies{});
    return all;
}

constexpr All all = make_all();
static_assert(all.names[AnyReplacement::lru] == Lru::name);

}  // namespace

std::span<const std::string_view> AnyReplacement::names() { return all.names; }

std::optional<std::uint8_t> AnyReplacement::find(std::string_view name) {
    for (std::size_t i = 0; i < count; ++i) {
        if (all.names[i] == name) return static_cast<std::uint8_t>(i);
    }
    return std::nullopt;
}

std::size_t AnyReplacement::bytes(const Config& config) {
    std::size_t most = 0;
    for (const Tables::Kind& kind : all.kinds) {
        const std::size_t bytes = kind.bytes(config);
        if (bytes > most) most = bytes;
    }
    return most;
}

AnyReplacement::AnyReplacement(kernel::base::Arena& arena, const Config& config,
                               std::uint8_t which) {
    const Tables::Kind& kind = all.kinds[which < count ? which : lru];
    policy_ = kind.build(arena, config);
    calls_ = &kind.table;
}

}  // namespace libos::policy
