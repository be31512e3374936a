#pragma once

/// Any replacement policy of the list that needs no future, chosen at run time.
///
/// Why beside with_policy(): what is compiled once (a file system) takes a policy from a mount
/// option. A call costs a jump; the policies are compiled once, in any_replacement.cpp.

#include <optional>
#include <span>

#include "libos/policy/replacement.hpp"

namespace libos::policy {

class AnyReplacement {
public:
    static constexpr std::string_view name = "any";
    static constexpr std::string_view summary = "a policy chosen at run time";
    static constexpr std::string_view paper = "none";
    static constexpr std::uint8_t lru = 2;

    /// All of them, by the numbers that the constructor takes.
    static std::span<const std::string_view> names();
    /// Nothing: none has that name.
    static std::optional<std::uint8_t> find(std::string_view name);

    /// Of arena: the most that any needs.
    static std::size_t bytes(const Config& config);

    /// A number beyond the list is lru's.
    AnyReplacement(kernel::base::Arena& arena, const Config& config, std::uint8_t which = lru);

    void hit(PageId page, Hint hint) { calls_->hit(policy_, page, hint); }
    PageId evict(PageId incoming) { return calls_->evict(policy_, incoming); }
    void insert(PageId page, Hint hint) { calls_->insert(policy_, page, hint); }
    void remove(PageId page) { calls_->remove(policy_, page); }
    void resize(std::uint64_t capacity) { calls_->resize(policy_, capacity); }
    void tick() { calls_->tick(policy_); }

private:
    struct Table {
        void (*hit)(void*, PageId, Hint);
        PageId (*evict)(void*, PageId);
        void (*insert)(void*, PageId, Hint);
        void (*remove)(void*, PageId);
        void (*resize)(void*, std::uint64_t);
        void (*tick)(void*);
    };
    friend struct AnyReplacementTables;

    const Table* calls_ = nullptr;
    void* policy_ = nullptr;
};

static_assert(Replacement<AnyReplacement>);

}  // namespace libos::policy
