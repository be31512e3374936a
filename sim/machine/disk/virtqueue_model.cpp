#include "sim/machine/disk/virtqueue_model.hpp"

namespace sim::machine::disk {

namespace {

constexpr std::uint16_t next_follows = 1, device_writes = 2, indirect = 4;
constexpr std::uint32_t descriptor_bytes = 16, used_entry_bytes = 8;
constexpr std::uint32_t ring_head = 4;  // flags, index
constexpr std::uint32_t segments_max = 1024;

std::unexpected<std::string> wrong(const std::string& what) { return std::unexpected(what); }

}  // namespace

VirtqueueModel& VirtqueueModel::operator=(const VirtqueueModel& other) {
    registers_ = other.registers_;
    taken_ = other.taken_;
    given_ = other.given_;
    in_flight_ = other.in_flight_;
    return *this;
}

std::expected<void, std::string> VirtqueueModel::enable(const QueueRegisters& registers) {
    const std::uint32_t size = registers.size;
    if (registers.descriptors % 16 != 0 || registers.available % 2 != 0 ||
        registers.used % 4 != 0) {
        return wrong("the queue's addresses are not aligned");
    }
    if (!dma_.at(registers.descriptors, size * descriptor_bytes) ||
        !dma_.at(registers.available, ring_head + size * 2) ||
        !dma_.at(registers.used, ring_head + size * used_entry_bytes)) {
        return wrong("the queue does not lie in memory");
    }
    registers_ = registers;
    registers_.enabled = true;
    in_flight_.assign(size, false);
    return {};
}

std::expected<std::vector<Chain>, std::string> VirtqueueModel::take() {
    std::vector<Chain> all;
    const std::uint16_t index = *dma_.load<std::uint16_t>(registers_.available + 2);
    if (static_cast<std::uint16_t>(index - taken_) > registers_.size) {
        return wrong("more requests are available than the queue has");
    }
    for (; taken_ != index; ++taken_) {
        const std::uint64_t place = registers_.available + ring_head + taken_ % registers_.size * 2;
        auto next = chain(*dma_.load<std::uint16_t>(place));
        if (!next) return std::unexpected(next.error());
        all.push_back(std::move(*next));
    }
    return all;
}

std::expected<Chain, std::string> VirtqueueModel::chain(std::uint16_t slot) {
    if (slot >= registers_.size) return wrong("a request begins with a descriptor that is none");
    if (in_flight_[slot]) return wrong("a request was made available again before it was done");
    Chain whole{slot, {}};
    auto good = collect(registers_.descriptors, registers_.size, slot, true, whole);
    if (!good) return std::unexpected(good.error());
    in_flight_[slot] = true;
    return whole;
}

std::expected<void, std::string> VirtqueueModel::collect(std::uint64_t table,
                                                         std::uint32_t entries,
                                                         std::uint32_t first, bool may_refer,
                                                         Chain& into) {
    std::uint32_t at = first;
    for (std::uint32_t steps = 0; steps < entries; ++steps) {
        const auto entry = *dma_.load<Descriptor>(table + std::uint64_t{at} * descriptor_bytes);
        const bool refers = (entry.flags & indirect) != 0;
        const auto bytes = dma_.at(entry.address, entry.bytes);
        if (!bytes) return wrong("a descriptor names memory that is not there");
        if (refers) {
            const std::uint32_t more = entry.bytes / descriptor_bytes;
            if (!may_refer || (entry.flags & next_follows) != 0 || more == 0 ||
                more > segments_max || entry.bytes % descriptor_bytes != 0) {
                return wrong("an indirect descriptor is not allowed here, or of a wrong size");
            }
            return collect(entry.address, more, 0, false, into);
        }
        const bool writes = (entry.flags & device_writes) != 0;
        if (!into.segments.empty() && into.segments.back().device_writes && !writes) {
            return wrong("a descriptor to read lies behind one to write");
        }
        into.segments.push_back({*bytes, writes});
        if ((entry.flags & next_follows) == 0) return {};
        if (entry.next >= entries) return wrong("a descriptor's next one is none");
        at = entry.next;
    }
    return wrong("a chain of descriptors has no end");
}

void VirtqueueModel::give(std::uint32_t slot, std::uint32_t bytes) {
    in_flight_[slot] = false;
    const std::uint32_t entry = given_ % registers_.size;
    const std::uint64_t place = registers_.used + ring_head + entry * used_entry_bytes;
    dma_.store(place, slot);
    dma_.store(place + 4, bytes);
    dma_.store(registers_.used + 2, ++given_);
}

}  // namespace sim::machine::disk
