#include "libos/fs/log/check/checker.hpp"

#include <array>

#include "kernel/base/result.hpp"
#include "libos/fs/checksum.hpp"
#include "libos/fs/posix/name.hpp"

namespace libos::fs::log {

void Checker::found(Problem problem, std::uint64_t inode, Address block) {
    const bool mended = problem == Problem::usage_wrong || problem == Problem::region_lost;
    sound_ = sound_ && mended;
    if (report_.problems < CheckReport::findings_max) {
        report_.findings[report_.problems] = {problem, inode, block, false};
    }
    ++report_.problems;
}

void Checker::claim(std::uint64_t inode, Address address) {
    const Geometry& g = store_.geometry();
    const Position& tail = store_.writer().position();
    if (!g.content(address)) return found(Problem::block_damaged, inode, address);
    const std::uint32_t segment = g.segment_of(address);
    const bool ahead =
        segment == tail.segment && address - g.start(segment) >= tail.offset;
    if (ahead) return found(Problem::block_damaged, inode, address);
    if (claimed(address)) return found(Problem::block_shared, inode, address);
    tables_.claimed[address / 64] |= std::uint64_t{1} << (address % 64);
    ++tables_.live[segment];
    ++report_.live_blocks;
}

bool Checker::claimed(Address address) const {
    return (tables_.claimed[address / 64] >> (address % 64) & 1) != 0;
}

Result<void> Checker::run() {
    const Geometry& g = store_.geometry();
    if (store_.regions_good() < 2) found(Problem::region_lost, 0);
    for (const Address address : store_.inodes().addresses()) {
        if (address != 0) claim(0, address);
    }
    for (std::uint32_t i = root_index; i < g.inodes; ++i) {
        const MapEntry& entry = store_.inodes().at(i);
        if (entry.address != 0) check_inode(number_of(i, entry.generation));
    }
    for (std::uint32_t i = root_index; i < g.inodes; ++i) {
        const MapEntry& entry = store_.inodes().at(i);
        if (entry.address != 0) check_names(number_of(i, entry.generation));
    }
    const auto root = inodes_.load(root_index);
    if (!root || root->kind() != Kind::directory) found(Problem::root_wrong, root_index);
    check_usage();
    check_data();
    return {};
}

Result<void> Checker::visit(void* context, Address address, const Identity& identity) {
    auto& walk = *static_cast<Walk*>(context);
    Checker& self = walk.checker;
    self.claim(walk.file.number, address);
    if (indirect_level(identity.kind) == 0) {
        ++walk.blocks;
        ++self.report_.data_blocks;
    }
    if (metadata(identity.kind) && !self.store_.read(address, identity)) {
        self.found(Problem::block_damaged, walk.file.number, address);
    }
    return {};
}

void Checker::check_inode(std::uint64_t number) {
    const auto entry = store_.inodes().find(number);
    const auto file = inodes_.load(number);
    if (!entry || !file) {
        return found(Problem::inode_damaged, number, entry ? entry->address : 0);
    }
    claim(number, entry->address);
    ++report_.files;
    Walk walk{*this, *file};
    if (!map_.walk(*file, {&walk, &Checker::visit})) found(Problem::block_damaged, number);
    if (walk.blocks != file->node.blocks) found(Problem::block_count_wrong, number);
    const bool orphan = (entry->generation & orphan_bit) != 0;
    if (orphan != (file->node.links == 0)) found(Problem::orphan_wrong, number);
    for (std::uint64_t at = 0;;) {
        const auto record = records_.next(*file, Table::attributes, at);
        if (!record) found(Problem::records_damaged, number);
        if (!record || !*record) break;
        at = (*record)->position + 1;
    }
    if (file->kind() != Kind::directory) return;
    ++report_.directories;
    check_directory(*file);
}

void Checker::check_directory(const File& file) {
    std::uint64_t bytes = 0;
    std::uint32_t directories = 0;
    for (std::uint64_t at = 0;;) {
        const auto record = records_.next(file, Table::entries, at);
        if (!record) return found(Problem::records_damaged, file.number);
        if (!*record) break;
        bytes += (*record)->head.name_bytes;
        at = (*record)->position + 1;
        check_entry(file, **record, directories);
    }
    if (bytes != file.node.size) found(Problem::directory_size_wrong, file.number);
    const std::uint32_t links = file.node.links == 0 ? 0 : 2 + directories;
    if (links != file.node.links) found(Problem::link_count_wrong, file.number);
    if (file.node.links == 0 && bytes != 0) found(Problem::orphan_wrong, file.number);
}

void Checker::check_entry(const File& file, const Record& record, std::uint32_t& directories) {
    std::array<char, posix::name_max> buffer;
    const auto text = records_.text(file, Table::entries, record);
    if (!text) return found(Problem::records_damaged, file.number);
    const std::size_t size = record.head.name_bytes;
    std::ranges::copy(text->first(size), std::as_writable_bytes(std::span{buffer}).begin());
    const std::string_view name{buffer.data(), size};
    const auto again = records_.find(file, Table::entries, name);
    const bool placed = again && *again && (*again)->position == record.position;
    if (!placed || !posix::check_name(name)) found(Problem::name_misplaced, file.number);
    const std::uint64_t number = record.head.inode;
    const auto child = inodes_.load(number);
    if (!child) return found(Problem::entry_without_inode, file.number);
    ++tables_.names[index_of(number)];
    if (child->kind() != record.kind()) found(Problem::kind_wrong, number);
    if (child->kind() != Kind::directory) return;
    ++directories;
    if (child->node.parent != file.number) found(Problem::parent_wrong, number);
}

void Checker::check_names(std::uint64_t number) {
    const auto file = inodes_.load(number);
    if (!file) return;
    const std::uint32_t names = tables_.names[index_of(number)];
    if (file->kind() != Kind::directory) {
        if (names != file->node.links) found(Problem::link_count_wrong, number);
        return;
    }
    const std::uint32_t wanted = number == root_index || file->node.links == 0 ? 0 : 1;
    if (names != wanted) found(Problem::link_count_wrong, number);
    if (wanted == 1 && !reachable(number)) found(Problem::directory_unreachable, number);
}

// No chain is longer than there are inodes.
bool Checker::reachable(std::uint64_t number) {
    for (std::uint32_t steps = 0; steps < store_.inodes().files(); ++steps) {
        if (number == root_index) return true;
        const auto file = inodes_.load(number);
        if (!file || file->kind() != Kind::directory) return false;
        number = file->node.parent;
    }
    return false;
}

void Checker::check_usage() {
    for (std::uint32_t s = 0; s < store_.geometry().segments; ++s) {
        if (tables_.live[s] != store_.segments().usage(s).live) {
            found(Problem::usage_wrong, 0, store_.geometry().start(s));
        }
    }
}

void Checker::check_data() {
    for (std::uint32_t s = 0; s < store_.geometry().segments; ++s) {
        if (tables_.live[s] != 0) check_segment(s);
    }
}

void Checker::check_segment(std::uint32_t segment) {
    const Geometry& g = store_.geometry();
    SummaryHead head;
    for (std::uint32_t offset = 0; offset + 1 < g.segment_blocks;) {
        const auto blocks = store_.summary(segment, offset, head);
        if (!blocks || *blocks == none) return;
        for (std::uint32_t i = 0; i < *blocks; ++i) {
            const auto bytes = store_.cache().read(g.start(segment) + offset);
            if (!bytes) return;
            const auto entry = load<SummaryEntry>(
                *bytes, sizeof head + std::size_t{i} * sizeof(SummaryEntry));
            check_block(entry, g.start(segment) + offset + 1 + i);
        }
        offset += 1 + *blocks;
    }
}

// Data alone: metadata have a checksum of their own.
void Checker::check_block(const SummaryEntry& entry, Address address) {
    if (static_cast<BlockKind>(entry.kind) != BlockKind::data || !claimed(address)) return;
    const auto file = inodes_.load(entry.number);
    if (!file || entry.index >= file_blocks_max || file->kind() == Kind::directory) return;
    const auto at = map_.find(*file, entry.index);
    if (!at || *at != address) return;
    const auto bytes = store_.cache().read(address);
    if (!bytes || checksum(*bytes) != entry.checksum) {
        found(Problem::data_damaged, entry.number, address);
    }
}

}  // namespace libos::fs::log
