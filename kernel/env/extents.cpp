#include "kernel/env/extents.hpp"

namespace kernel::env {

namespace {

// The table is in the frames behind the disk's object.
abi::ExtentRecord* record_of(System& system, FrameNumber disk, std::uint32_t block) {
    auto& table = system.memory.object<abi::ExtentTable>(FrameNumber{disk.value + 1});
    return abi::record_of(table, block);
}
abi::ExtentRecord* record_of(System& system, const Capability& extent) {
    return record_of(system, extent.object, cap::extent_first(extent));
}

}  // namespace

void name_extent(System& system, CapRef ref, std::uint32_t first, std::uint32_t count) {
    Capability& extent = system.forest.at(ref);
    extent.mapping = first;
    extent.peer = count;
    abi::ExtentRecord* const record = record_of(system, extent);
    CHITIN_ASSERT(record != nullptr);
    record->caps++;
}

void forget_extent(System& system, CapRef ref) {
    abi::ExtentRecord* const record = record_of(system, system.forest.at(ref));
    if (record == nullptr) return;  // it was freed by this capability
    CHITIN_ASSERT(record->caps > 0);
    record->caps--;
}

void name_tree(System& system, const TreeBase& base, FrameNumber object) {
    abi::ExtentRecord* const record = record_of(system, base.disk, base.first);
    CHITIN_ASSERT(record != nullptr && record->caps == 0);
    record->tree = object;
}

}  // namespace kernel::env
