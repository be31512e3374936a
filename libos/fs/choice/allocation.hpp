#pragma once

/// Allocation: where new blocks of a file go.
///
/// A format asks place() and takes the first free block at or behind the answer, round the end: a
/// policy advises, and cannot give out what is in use. The block behind a file's last one, where it
/// is free, is every policy's answer: a file grows where it is. So policies differ in where files,
/// and their next pieces, begin.
///
/// A search looks at no more than runs_max runs of free blocks.

#include <array>
#include <concepts>
#include <cstdint>

#include "libos/fs/choice/one_of.hpp"

namespace libos::fs::choice {

inline constexpr std::uint32_t runs_max = 4096;

/// What is known of the blocks that are wanted.
struct Want {
    std::uint64_t after = 0;      ///< the block behind the file's last one; 0: it has none yet
    std::uint64_t directory = 0;  ///< the directory's number, or any number of its own; 0: none
    std::uint64_t near = 0;       ///< where the directory itself lies; 0: not known
    std::uint64_t group = 0;      ///< colocate's: the group that the directory fills; 0: none
    std::uint32_t count = 1;      ///< blocks that are likely to follow, this one included
};

struct Place {
    std::uint64_t block = 0;
    std::uint64_t group = 0;      ///< what Want::group is to be from now on
};

/// Blocks [begin(), end()), not 0. next_free: the next free one at or behind `block`; end() if
/// there is none. next_used: the same of used ones, or `limit`, which is at most end(), if that is
/// nearer.
template <class S>
concept Space = requires(S& space, std::uint64_t block, std::uint64_t limit) {
    { space.begin() } -> std::same_as<std::uint64_t>;
    { space.end() } -> std::same_as<std::uint64_t>;
    { space.next_free(block) } -> std::same_as<std::uint64_t>;
    { space.next_used(block, limit) } -> std::same_as<std::uint64_t>;
};

/// Calls act(first, length) for the free runs from `from` to `to`, until it answers true. A run is
/// shown in pieces of `most` blocks.
template <Space S, class Act>
bool each_run(S& space, std::uint64_t from, std::uint64_t to, std::uint64_t most, Act act) {
    for (std::uint32_t runs = 0; from < to && runs < runs_max; ++runs) {
        const std::uint64_t first = space.next_free(from);
        if (first >= to) return false;
        const std::uint64_t end = space.next_used(first, to - first < most ? to : first + most);
        if (act(first, end - first)) return true;
        from = end;
    }
    return false;
}

/// The first free run of `count` blocks from `from` on, round the end; else `otherwise`.
template <Space S>
std::uint64_t run_from(S& space, std::uint64_t from, std::uint64_t count,
                       std::uint64_t otherwise) {
    std::uint64_t found = otherwise;
    const auto fits = [&](std::uint64_t first, std::uint64_t length) {
        if (length < count) return false;
        found = first;
        return true;
    };
    if (!each_run(space, from, space.end(), count, fits)) {
        each_run(space, space.begin(), from, count, fits);
    }
    return found;
}

/// Whether the file can go on where it ends.
template <Space S>
bool goes_on(S& space, const Want& want) {
    return want.after >= space.begin() && want.after < space.end() &&
           space.next_free(want.after) == want.after;
}

/// From the beginning of the disk.
class FirstFit {
public:
    static constexpr std::string_view name = "first-fit";
    static constexpr std::string_view summary = "the first run that is long enough";
    static constexpr std::string_view source = "Knuth 1973, 2.5 (first fit)";
    template <Space S>
    Place place(S& space, const Want& want) {
        if (goes_on(space, want)) return {want.after, want.group};
        return {run_from(space, space.begin(), want.count, space.begin()), want.group};
    }
};

/// From where the last one was found.
class NextFit {
public:
    static constexpr std::string_view name = "next-fit";
    static constexpr std::string_view summary = "the next run that is long enough, round the disk";
    static constexpr std::string_view source = "Knuth 1973, 2.5 (next fit)";
    template <Space S>
    Place place(S& space, const Want& want) {
        if (!goes_on(space, want)) {
            const bool inside = rover_ >= space.begin() && rover_ < space.end();
            const std::uint64_t from = inside ? rover_ : space.begin();
            rover_ = run_from(space, from, want.count, from);
            return {rover_++, want.group};
        }
        if (want.after == rover_) ++rover_;
        return {want.after, want.group};
    }

private:
    std::uint64_t rover_ = 0;
};

/// The shortest run that is long enough; the longest where none is. Runs of more than run_max
/// blocks are not told apart.
class BestFit {
public:
    static constexpr std::string_view name = "best-fit";
    static constexpr std::string_view summary = "the shortest run that is long enough";
    static constexpr std::string_view source = "Knuth 1973, 2.5 (best fit)";
    static constexpr std::uint64_t run_max = 4096;
    template <Space S>
    Place place(S& space, const Want& want) {
        if (goes_on(space, want)) return {want.after, want.group};
        std::uint64_t best = space.begin();
        std::uint64_t length = 0;
        each_run(space, space.begin(), space.end(), run_max,
                 [&](std::uint64_t first, std::uint64_t found) {
                     const bool fits = found >= want.count;
                     const bool better = length < want.count ? found > length
                                                             : fits && found < length;
                     if (better) best = first;
                     if (better) length = found;
                     return length == want.count;
                 });
        return {best, want.group};
    }
};

/// An aligned run of a power of two of blocks, all of it free.
class Buddy {
public:
    static constexpr std::string_view name = "buddy";
    static constexpr std::string_view summary = "an aligned free run of a power of two of blocks";
    static constexpr std::string_view source = "Knowlton 1965; Koch 1987";
    static constexpr std::uint64_t size_max = 256;
    template <Space S>
    Place place(S& space, const Want& want) {
        if (goes_on(space, want)) return {want.after, want.group};
        std::uint64_t size = 1;
        while (size < want.count && size < size_max) size *= 2;
        for (; size > 0; size /= 2) {
            std::uint64_t found = 0;
            const auto holds = [&](std::uint64_t first, std::uint64_t length) {
                const std::uint64_t aligned = (first + size - 1) / size * size;
                found = aligned;
                return aligned + size <= first + length;
            };
            if (each_run(space, space.begin(), space.end(), 2 * size, holds)) {
                return {found, want.group};
            }
        }
        return {space.begin(), want.group};
    }
};

/// Cylinder groups: a directory's files in the group that its number falls on, other directories'
/// elsewhere.
class CylinderGroups {
public:
    static constexpr std::string_view name = "groups";
    static constexpr std::string_view summary = "a part of the disk for each directory's files";
    static constexpr std::string_view source = "McKusick et al. 1984 (cylinder groups)";
    static constexpr std::uint64_t groups_max = 64;
    static constexpr std::uint64_t group_blocks_min = 256;
    template <Space S>
    Place place(S& space, const Want& want) {
        if (goes_on(space, want)) return {want.after, want.group};
        const std::uint64_t blocks = space.end() - space.begin();
        std::uint64_t groups = blocks / group_blocks_min;
        if (groups > groups_max) groups = groups_max;
        if (groups == 0) groups = 1;
        const std::uint64_t mixed = want.directory * 0x9e37'79b9'7f4a'7c15 >> 32;
        const std::uint64_t from = space.begin() + mixed % groups * (blocks / groups);
        return {run_from(space, from, want.count, from), want.group};
    }
};

/// Next to the directory.
class NearDirectory {
public:
    static constexpr std::string_view name = "near";
    static constexpr std::string_view summary = "the first free block behind the directory's own";
    static constexpr std::string_view source = "Card et al. 1994 (ext2)";
    template <Space S>
    Place place(S& space, const Want& want) {
        if (goes_on(space, want)) return {want.after, want.group};
        const bool known = want.near >= space.begin() && want.near < space.end();
        return {known ? want.near : space.begin(), want.group};
    }
};

/// Explicit grouping: small files of a directory fill one aligned group after the other.
class CoLocate {
public:
    static constexpr std::string_view name = "colocate";
    static constexpr std::string_view summary = "a directory's files fill groups of 64 KiB";
    static constexpr std::string_view source = "Ganger and Kaashoek 1997 (explicit grouping)";
    static constexpr std::uint64_t group_blocks = 16;
    template <Space S>
    Place place(S& space, const Want& want) {
        if (want.after != 0) return {want.after, want.group};
        const std::uint64_t group = want.directory == 0 ? 0 : group_of(want);
        if (group >= space.begin() && group < space.end()) {
            const std::uint64_t block = space.next_free(group);
            if (block < group + group_blocks) return {block, group};
        }
        const std::uint64_t fresh =
            free_group(space, group >= space.begin() ? group : space.begin());
        if (fresh == 0) return {space.begin(), want.group};
        if (want.directory != 0) filled_[want.directory % filled_.size()] = {want.directory, fresh};
        return {fresh, want.directory != 0 ? fresh : want.group};
    }

private:
    struct Filled {
        std::uint64_t directory = 0;
        std::uint64_t group = 0;
    };

    /// What the format remembers, or what is remembered here.
    [[nodiscard]] std::uint64_t group_of(const Want& want) const {
        if (want.group != 0) return want.group;
        const Filled& filled = filled_[want.directory % filled_.size()];
        return filled.directory == want.directory ? filled.group : 0;
    }

    template <Space S>
    static std::uint64_t free_group(S& space, std::uint64_t from) {
        std::uint64_t found = 0;
        const auto holds = [&](std::uint64_t first, std::uint64_t length) {
            const std::uint64_t aligned = (first + group_blocks - 1) / group_blocks * group_blocks;
            found = aligned;
            return aligned + group_blocks <= first + length;
        };
        constexpr std::uint64_t most = 2 * group_blocks;
        if (each_run(space, from, space.end(), most, holds)) return found;
        return each_run(space, space.begin(), from, most, holds) ? found : 0;
    }

    std::array<Filled, 64> filled_{};
};

using Allocations =
    OneOf<CoLocate, FirstFit, NextFit, BestFit, Buddy, CylinderGroups, NearDirectory>;

/// Any of them.
class AnyAllocation : public Allocations {
public:
    static constexpr Index colocate = 0;
    static constexpr Index next_fit = 2;
    explicit AnyAllocation(Index which = colocate) : Allocations{which} {}
    template <Space S>
    Place place(S& space, const Want& want) {
        return with([&](auto& policy) { return policy.place(space, want); });
    }
};

static_assert(Allocations::texts[AnyAllocation::colocate].name == CoLocate::name);
static_assert(Allocations::texts[AnyAllocation::next_fit].name == NextFit::name);

}  // namespace libos::fs::choice
