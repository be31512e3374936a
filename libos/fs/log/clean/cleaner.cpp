#include "libos/fs/log/clean/cleaner.hpp"

#include <algorithm>

#include "kernel/base/result.hpp"

namespace libos::fs::log {

namespace {

// More than this is live: to move it gains next to nothing.
std::uint32_t live_limit(const Geometry& geometry) {
    return geometry.segment_blocks - 2 - geometry.segment_blocks / 16;
}

}  // namespace

Result<void> Cleaner::make_room(Effect effect, std::uint32_t blocks) {
    const Position& position = store_->writer().position();
    if (store_->segments().empty_count(position.segment, position.next) > 0) {
        TRY(store_->checkpoint());
    }
    std::uint32_t idle = 0;
    std::uint64_t best = 0;
    for (std::uint32_t i = 0; i < passes_max && !store_->ready(effect, blocks); ++i) {
        // Where the policy's choice gained nothing, the emptiest segments do.
        if (!TRY(store_->acted(pass(idle == 0 ? cleaning_ : Cleaning::greedy)))) break;
        TRY(store_->checkpoint());
        const std::uint64_t room = store_->writer().log_room();
        idle = room > best ? 0 : idle + 1;
        best = std::max(best, room);
        if (idle == idle_max) break;
    }
    if (store_->ready(effect, blocks)) return {};
    return error(Error::no_space);
}

// The best segments, as many as there is room to move: each live block may drag its inode and an
// indirect block along.
std::uint32_t Cleaner::choose(Victims& victims, Cleaning cleaning) {
    const Geometry& g = store_->geometry();
    const Position& position = store_->writer().position();
    Segments& segments = store_->segments();
    std::array<std::uint64_t, victims_max> scores{};
    std::uint32_t count = 0;
    with_policy(cleaning, [&](auto policy) {
        for (std::uint32_t s = 0; s < g.segments; ++s) {
            const Usage& usage = segments.usage(s);
            const bool own = s == position.segment || s == position.next || segments.free(s);
            if (own || usage.live == 0 || usage.live > live_limit(g)) continue;
            const Candidate candidate{s, usage.live, g.segment_blocks,
                                      position.clock - usage.age};
            const std::uint64_t score = policy.score(candidate);
            std::uint32_t at = count;
            while (at > 0 && scores[at - 1] < score) --at;
            if (at == victims_max) continue;
            count = std::min(count + 1, victims_max);
            for (std::uint32_t i = count - 1; i > at; --i) {
                scores[i] = scores[i - 1];
                victims[i] = victims[i - 1];
            }
            scores[at] = score;
            victims[at] = candidate;
        }
    });
    const std::uint64_t room = store_->writer().log_room();
    const std::uint64_t kept = g.segment_blocks + store_->inodes().dirty_count() + 16;
    std::uint64_t cost = 0;
    std::uint32_t chosen = 0;
    while (chosen < count) {
        cost += victims[chosen].live + victims[chosen].live / 2 + 4;
        if (chosen > 0 && cost + kept > room) break;
        ++chosen;
    }
    std::ranges::sort(victims.begin(), victims.begin() + chosen,
                      [](const Candidate& a, const Candidate& b) { return a.age > b.age; });
    return chosen;
}

bool Cleaner::short_of_room() const {
    return store_->writer().log_room() < store_->geometry().segment_blocks / 2 + 24u +
                                             2 * store_->inodes().dirty_count();
}

// False: nothing is worth it.
Result<bool> Cleaner::pass(Cleaning cleaning) {
    Victims victims;
    const std::uint32_t count = choose(victims, cleaning);
    if (count == 0) return false;
    TRY(store_->begin());
    Writer& writer = store_->writer();
    ++writer.statistics().cleaner_passes;
    writer.set_cleaning(true);
    Result<void> done;
    for (std::uint32_t i = 0; done && i < count && !short_of_room(); ++i) {
        store_->set_age(victims[i].age < writer.position().clock
                            ? writer.position().clock - victims[i].age
                            : 0);
        done = empty(victims[i].segment);
    }
    store_->set_age({});
    writer.set_cleaning(false);
    TRY(done);
    return true;
}

Result<void> Cleaner::empty(std::uint32_t segment) {
    const Geometry& g = store_->geometry();
    SummaryHead head;
    std::uint32_t offset = 0;
    while (offset + 1 < g.segment_blocks) {
        const std::uint32_t blocks = TRY(store_->summary(segment, offset, head));
        if (blocks == none) return {};
        ++store_->writer().statistics().cleaner_read;
        for (std::uint32_t i = 0; i < blocks; ++i) {
            if (short_of_room()) return {};
            // Read again: what was moved meanwhile may have taken its place in the cache.
            const auto bytes = TRY(store_->cache().read(g.start(segment) + offset));
            const auto entry = load<SummaryEntry>(
                bytes, sizeof head + std::size_t{i} * sizeof(SummaryEntry));
            TRY(move_if_live({static_cast<BlockKind>(entry.kind), entry.number, entry.index},
                             g.start(segment) + offset + 1 + i));
        }
        offset += 1 + blocks;
    }
    return {};
}

// What a damaged summary names, or a damaged file has, stays where it is.
Result<void> Cleaner::move_if_live(const Identity& identity, Address address) {
    InodeMap& map = store_->inodes();
    if (identity.kind == BlockKind::map) {
        const std::uint64_t block = identity.index;
        if (block >= store_->geometry().map_blocks) return {};
        if (map.addresses()[block] == address) map.mark(static_cast<std::uint32_t>(block));
        return {};
    }
    const std::uint32_t level = indirect_level(identity.kind);
    const bool known = identity.kind == BlockKind::inode || identity.kind == BlockKind::data ||
                       identity.kind == BlockKind::records || level != 0;
    if (!known) return {};
    const auto entry = map.find(identity.number);
    if (!entry) return {};
    if (identity.kind == BlockKind::inode) {
        if (entry->address != address) return {};
        const auto inode = inodes_->load(identity.number);
        if (!inode) return {};
        ++store_->writer().statistics().cleaner_read;
        return inodes_->save(*inode);
    }
    return move_content(identity, address);
}

// A block of a file, or an indirect one.
Result<void> Cleaner::move_content(const Identity& identity, Address address) {
    const std::uint32_t level = indirect_level(identity.kind);
    const std::uint64_t index = identity.index;
    const bool inside = index < file_blocks_max ||
                        (level == 0 && index >= attributes_first &&
                         index - attributes_first < attribute_slots);
    if (!inside) return {};
    auto file = inodes_->load(identity.number);
    if (!file) return {};
    if (level == 0 && BlockMap::identity(*file, index) != identity) return {};
    const auto at = level == 0 ? map_->find(*file, index)
                               : map_->find_indirect(*file, level, index);
    if (!at || *at != address || !store_->read(address, identity)) return {};
    ++store_->writer().statistics().cleaner_read;
    if (level != 0) return map_->move_indirect(*file, level, index);
    static_cast<void>(TRY(map_->change(*file, index)));
    return {};
}

}  // namespace libos::fs::log
