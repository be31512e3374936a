#include "libos/fs/log/clean/cleaner.hpp"

#include <algorithm>

#include "kernel/base/result.hpp"

namespace libos::fs::log {

namespace {

// More than this is live: to move it gains next to nothing.
std::uint32_t live_limit(const Geometry& geometry) {
    return geometry.segment_blocks - 2 - geometry.segment_blocks / 16;
}

Identity identity_of(const LiveBlock& block) {
    return {static_cast<BlockKind>(block.kind), block.number, block.index};
}

// Can a file have a block there?
bool inside(const Identity& identity) {
    return identity.index < file_blocks_max ||
           (indirect_level(identity.kind) == 0 && identity.index >= attributes_first &&
            identity.index - attributes_first < attribute_slots);
}

}  // namespace

std::size_t Cleaner::room(const Geometry& geometry) {
    return kernel::base::Arena::room<LiveBlock>(blocks_max(geometry));
}

// A pass of as many victims as may be on large disks, of fewer on small ones.
std::uint32_t Cleaner::blocks_max(const Geometry& geometry) {
    const std::uint32_t all = geometry.segments * geometry.segment_blocks;
    return std::max(geometry.segment_blocks, std::min(all / 4, victims_max * 256));
}

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

// The best segments, the best first.
std::uint32_t Cleaner::choose(Victims& victims, Cleaning cleaning) {
    const Geometry& g = store_->geometry();
    const Position& position = store_->writer().position();
    Segments& segments = store_->segments();
    std::array<std::uint64_t, victims_max> scores{};
    const std::uint32_t most = std::min(
        victims_max, static_cast<std::uint32_t>(blocks_.size()) / g.segment_blocks);
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
            if (at == most) continue;
            count = std::min(count + 1, most);
            for (std::uint32_t i = count - 1; i > at; --i) {
                scores[i] = scores[i - 1];
                victims[i] = victims[i - 1];
            }
            scores[at] = score;
            victims[at] = candidate;
        }
    });
    return count;
}

// Room that a pass leaves alone: a checkpoint's, and a segment for what is on its way.
std::uint64_t Cleaner::room_kept() const {
    return store_->geometry().segment_blocks / 2 + 24u + 2 * store_->inodes().dirty_count();
}

bool Cleaner::short_of_room() const { return store_->writer().log_room() < room_kept(); }

// False: nothing is worth it.
Result<bool> Cleaner::pass(Cleaning cleaning) {
    Victims victims;
    std::uint32_t count = choose(victims, cleaning);
    if (count == 0) return false;
    TRY(store_->begin());
    std::uint32_t found = 0;
    for (std::uint32_t v = 0; v < count; ++v) TRY(gather(victims[v], v, found));
    std::span<LiveBlock> blocks = blocks_.first(found);
    sort(blocks, std::span{victims}.first(count));
    blocks = blocks.first(TRY(keep_live(blocks)));
    // The best that there is room to move whole: what is left half empty frees nothing.
    const std::uint64_t room = store_->writer().log_room();
    const std::uint64_t kept = room_kept() + store_->geometry().segment_blocks / 4;
    while (count > 1 && cost_of(blocks) + kept > room) {
        --count;
        const auto dropped = [count](const LiveBlock& block) { return block.victim == count; };
        blocks = blocks.first(blocks.size() - std::ranges::remove_if(blocks, dropped).size());
    }
    Writer& writer = store_->writer();
    ++writer.statistics().cleaner_passes;
    writer.set_cleaning(true);
    const Result<void> done = move_all(blocks, victims);
    store_->set_age({});
    writer.set_cleaning(false);
    TRY(done);
    return true;
}

// Notes every block that the segment's summaries name.
Result<void> Cleaner::gather(const Candidate& victim, std::uint32_t number,
                             std::uint32_t& found) {
    const Geometry& g = store_->geometry();
    SummaryHead head;
    std::uint32_t offset = 0;
    while (offset + 1 < g.segment_blocks) {
        const std::uint32_t blocks = TRY(store_->summary(victim.segment, offset, head));
        if (blocks == none) return {};
        ++store_->writer().statistics().cleaner_read;
        const Address at = g.start(victim.segment) + offset;
        const auto bytes = TRY(store_->cache().read(at));
        for (std::uint32_t i = 0; i < blocks && found < blocks_.size(); ++i) {
            const auto entry = load<SummaryEntry>(
                bytes, sizeof head + std::size_t{i} * sizeof(SummaryEntry));
            if (entry.kind > 0xffff) continue;
            blocks_[found++] = {entry.number, entry.index, at + 1 + i,
                                static_cast<std::uint16_t>(entry.kind),
                                static_cast<std::uint8_t>(number), 0};
        }
        offset += 1 + blocks;
    }
    return {};
}

// Old apart from young, then file by file in the order of its blocks: blocks under one indirect
// block move together, and so take it along once. An inode comes behind what moves it anyhow.
void Cleaner::sort(std::span<LiveBlock> blocks, std::span<const Candidate> victims) const {
    std::uint64_t sum = 0;
    for (const Candidate& victim : victims) sum += victim.age;
    const std::uint64_t middle = sum / victims.size();
    for (LiveBlock& block : blocks) block.young = victims[block.victim].age < middle ? 1 : 0;
    std::ranges::sort(blocks, [](const LiveBlock& a, const LiveBlock& b) {
        if (a.young != b.young) return a.young < b.young;
        if (a.number != b.number) return a.number < b.number;
        const bool inode_a = a.kind == static_cast<std::uint16_t>(BlockKind::inode);
        const bool inode_b = b.kind == static_cast<std::uint16_t>(BlockKind::inode);
        if (inode_a != inode_b) return inode_b;
        return a.index != b.index ? a.index < b.index : a.kind < b.kind;
    });
}

// To the front; how many.
Result<std::uint32_t> Cleaner::keep_live(std::span<LiveBlock> blocks) {
    std::uint32_t kept = 0;
    for (const LiveBlock& block : blocks) {
        if (TRY(live(block))) blocks_[kept++] = block;
    }
    return kept;
}

// Blocks that moving them may write: each of them; for each run below one indirect block that and
// those above it; for each file its inode; in each write summary and way once more.
std::uint64_t Cleaner::cost_of(std::span<const LiveBlock> blocks) const {
    constexpr std::uint64_t way = 4;  // of indirect blocks and inode that a write takes along
    std::uint64_t runs = 0;
    const LiveBlock* before = nullptr;
    for (const LiveBlock& block : blocks) {
        const bool same = before != nullptr && before->number == block.number &&
                          before->young == block.young;
        if (!same) ++runs;
        const bool far = block.index >= direct_slots && block.index < attributes_first;
        const bool beside = same && (before->index - direct_slots) / fan_out ==
                                        (block.index - direct_slots) / fan_out;
        if (far && !beside) ++runs;
        before = &block;
    }
    const std::uint64_t moved = blocks.size() + runs;
    return moved + (moved / (store_->writer().capacity_max() / 2) + 1) * way;
}

Result<void> Cleaner::move_all(std::span<const LiveBlock> blocks, const Victims& victims) {
    const std::uint32_t clock = store_->writer().position().clock;
    for (const LiveBlock& block : blocks) {
        if (short_of_room()) return {};
        const std::uint32_t age = victims[block.victim].age;
        store_->set_age(age < clock ? clock - age : 0);
        TRY(move_if_live(identity_of(block), block.address));
    }
    return {};
}

// Is that still where the block is? As far as can be told: what is damaged counts, and is found out
// when it is moved.
Result<bool> Cleaner::live(const LiveBlock& block) {
    InodeMap& map = store_->inodes();
    const Identity identity = identity_of(block);
    if (identity.kind == BlockKind::map) {
        return block.index < store_->geometry().map_blocks &&
               map.addresses()[block.index] == block.address;
    }
    const auto entry = map.find(identity.number);
    if (!entry) return false;
    if (identity.kind == BlockKind::inode) return entry->address == block.address;
    const std::uint32_t level = indirect_level(identity.kind);
    const bool content = identity.kind == BlockKind::data || identity.kind == BlockKind::records;
    if ((!content && level == 0) || !inside(identity)) return false;
    const auto file = inodes_->load(identity.number);
    if (!file) return false;
    const auto at = level == 0 ? map_->find(*file, identity.index)
                               : map_->find_indirect(*file, level, identity.index);
    return at && *at == block.address;
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
    if (!inside(identity)) return {};
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
