/// Everything of a file at once: walking over its blocks, and letting them go.

#include "kernel/base/result.hpp"
#include "libos/fs/log/file/block_map.hpp"

namespace libos::fs::log {

namespace {

struct Step {
    Address block = 0;
    std::uint32_t slot = 0;
    std::uint32_t level = 0;
    std::uint64_t first = 0;
};

/// Lets go of every block, and counts those that are the file's own.
struct Releasing {
    Store& store;
    std::uint64_t count = 0;

    static Result<void> block(void* context, Address address, const Identity& identity) {
        auto& self = *static_cast<Releasing*>(context);
        self.count += indirect_level(identity.kind) == 0 ? 1 : 0;
        return self.store.release(address);
    }
};

constexpr std::uint32_t slot_offset(std::uint32_t slot) {
    return static_cast<std::uint32_t>(sizeof(BlockHead)) + slot * 4;
}

}  // namespace

Result<void> BlockMap::walk_tree(const File& file, Address top, std::uint32_t level,
                                 std::uint64_t first, const Visit& visit) {
    if (level == 0) return visit.block(visit.context, top, identity(file, first));
    std::array<Step, levels_max> steps;
    std::uint32_t count = 1;
    steps[0] = {top, 0, level, first};
    while (count > 0) {
        Step& step = steps[count - 1];
        const Identity own{indirect_kind(step.level), file.number, step.first};
        Address at = 0;
        if (step.slot < fan_out) {
            const auto bytes = TRY(store_->read(step.block, own));
            while (at == 0 && step.slot < fan_out) {
                at = load<Address>(bytes, slot_offset(step.slot++));
            }
        }
        if (at == 0) {
            TRY(visit.block(visit.context, step.block, own));
            --count;
            continue;
        }
        const std::uint64_t index = step.first + (step.slot - 1) * covered(step.level - 1);
        if (step.level == 1) {
            TRY(visit.block(visit.context, at, identity(file, index)));
        } else {
            steps[count++] = {at, 0, step.level - 1, index};
        }
    }
    return {};
}

Result<void> BlockMap::walk(const File& file, const Visit& visit) {
    for (std::uint32_t i = 0; i < attribute_slots; ++i) {
        const Address at = TRY(address_at(file, attribute_slots_at + i * 4));
        if (at != 0) TRY(walk_tree(file, at, 0, attributes_first + i, visit));
    }
    std::uint64_t first = 0;
    for (std::uint32_t i = 0; i < content_slots; ++i) {
        const std::uint32_t level = i < direct_slots ? 0 : i - direct_slots + 1;
        const Address at = TRY(address_at(file, content_at + i * 4));
        if (at != 0) TRY(walk_tree(file, at, level, first, visit));
        first += covered(level);
    }
    return {};
}

Result<void> BlockMap::release_all(const File& file) {
    Releasing releasing{*store_};
    return walk(file, {&releasing, &Releasing::block});
}

Result<void> BlockMap::release_tree(File& file, Address top, std::uint32_t level,
                                    std::uint64_t first) {
    Releasing releasing{*store_};
    TRY(walk_tree(file, top, level, first, {&releasing, &Releasing::block}));
    file.node.blocks -= std::min(file.node.blocks, releasing.count);
    return {};
}

Result<void> BlockMap::shorten(File& file, std::uint64_t index) {
    if (file.node.embedded != 0) return {};
    std::uint64_t first = 0;
    for (std::uint32_t i = 0; i < content_slots; ++i) {
        const std::uint32_t level = i < direct_slots ? 0 : i - direct_slots + 1;
        const std::uint32_t offset = content_at + i * 4;
        const std::uint64_t size = covered(level);
        const Address at = TRY(address_at(file, offset));
        if (at != 0 && first >= index) {
            TRY(store_->reserve(1));
            TRY(set(file, {0, offset}, 0));
            TRY(release_tree(file, at, level, first));
        } else if (at != 0 && first + size > index) {
            TRY(shorten_path(file, index));
        }
        first += size;
    }
    return {};
}

// Within the tree that covers `index`, and begins before it.
Result<void> BlockMap::shorten_path(File& file, std::uint64_t index) {
    const Path path = path_to(index);
    std::uint32_t level = path.levels;
    while (level > 0 && TRY(follow(file, path, level)) != 0) --level;
    static_cast<void>(TRY(own_path(file, path, level)));
    for (std::uint32_t l = path.levels; l > level; --l) TRY(shorten_block(file, path, l));
    return {};
}

// The indirect block of level `level` on the path, which was moved: what lies behind the path.
Result<void> BlockMap::shorten_block(File& file, const Path& path, std::uint32_t level) {
    const Address block = TRY(follow(file, path, level));
    const std::uint32_t kept = path.slot[level] + (level > 1 ? 1 : 0);
    for (std::uint32_t slot = kept; slot < fan_out; ++slot) {
        const auto bytes = store_->writer().bytes(block);
        const Address at = load<Address>(bytes, slot_offset(slot));
        if (at == 0) continue;
        store(bytes, slot_offset(slot), Address{0});
        const std::uint64_t first = path.first[level] + slot * covered(level - 1);
        TRY(release_tree(file, at, level - 1, first));
    }
    return {};
}

}  // namespace libos::fs::log
