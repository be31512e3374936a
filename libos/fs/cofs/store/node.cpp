#include "libos/fs/cofs/store/node.hpp"

#include <algorithm>

#include "kernel/base/assert.hpp"
#include "libos/fs/checksum.hpp"

namespace libos::fs::cofs {

namespace {

constexpr std::uint32_t node_magic = 0x444e4643;  // "CFND"

}  // namespace

void Node::format(BlockNumber block, std::uint32_t level, std::uint64_t born) {
    head() = Head{node_magic, 0, block, static_cast<std::uint16_t>(level), 0, born, 0};
}

void Node::rename(BlockNumber block, std::uint64_t born) {
    head().block = block;
    head().born = born;
}

std::uint32_t Node::computed() const {
    const std::span<const std::byte> bytes{at_, block_bytes};
    const std::byte zeros[4]{};
    const std::uint32_t begin = checksum(bytes.first(4));
    return checksum(bytes.subspan(8), checksum(zeros, begin));
}

void Node::seal() { head().checksum = computed(); }

bool Node::well_formed() const {
    if (count() > capacity / slot_bytes) return false;
    std::uint32_t end = block_bytes;
    const std::uint32_t floor = static_cast<std::uint32_t>(sizeof(Head)) + count() * slot_bytes;
    for (std::uint32_t i = 0; i < count(); ++i) {
        const Slot& s = slot(i);
        const bool placed = s.length <= payload_max && s.offset >= floor &&
                            std::uint32_t{s.offset} + s.length == end;
        if (!placed || (i > 0 && !(slot(i - 1).key < s.key))) return false;
        if (level() > 0 && s.length != sizeof(Pointer)) return false;
        end = s.offset;
    }
    return true;
}

Result<void> Node::verify(const Pointer& expected) const {
    if (head().checksum != computed()) return error(Error::io);
    const bool good = head().magic == node_magic && head().block == expected.block &&
                      head().level == expected.level && head().born == expected.born &&
                      (level() == 0 || count() > 0) && well_formed();
    if (!good) return error(Error::corrupt);
    return {};
}

std::uint32_t Node::lower_bound(Key k) const {
    std::uint32_t low = 0;
    std::uint32_t high = count();
    while (low < high) {
        const std::uint32_t middle = (low + high) / 2;
        if (slot(middle).key < k) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

std::uint32_t Node::covering(Key k) const {
    const std::uint32_t i = lower_bound(k);
    if (i < count() && slot(i).key == k) return i;
    return i == 0 ? 0 : i - 1;
}

void Node::insert(std::uint32_t i, Key k, std::span<const std::byte> value) {
    CHITIN_ASSERT(i <= count() && fits(value.size()));
    const auto bytes = static_cast<std::uint32_t>(value.size());
    const std::uint32_t end = i == 0 ? block_bytes : slot(i - 1).offset;
    const std::uint32_t low = heap();
    std::memmove(at_ + low - bytes, at_ + low, end - low);
    std::memmove(&slot(i + 1), &slot(i), (count() - i) * slot_bytes);
    ++head().count;
    for (std::uint32_t j = i + 1; j < count(); ++j) {
        slot(j).offset = static_cast<std::uint16_t>(slot(j).offset - bytes);
    }
    slot(i) = Slot{k, static_cast<std::uint16_t>(end - bytes),
                   static_cast<std::uint16_t>(bytes), 0};
    std::ranges::copy(value, at_ + end - bytes);
}

void Node::remove(std::uint32_t i) {
    CHITIN_ASSERT(i < count());
    const std::uint32_t bytes = slot(i).length;
    const std::uint32_t low = heap();
    std::memmove(at_ + low + bytes, at_ + low, slot(i).offset - low);
    std::memmove(&slot(i), &slot(i + 1), (count() - i - 1) * slot_bytes);
    --head().count;
    for (std::uint32_t j = i; j < count(); ++j) {
        slot(j).offset = static_cast<std::uint16_t>(slot(j).offset + bytes);
    }
}

void Node::set_key(std::uint32_t i, Key k) { slot(i).key = k; }

void Node::move_tail(std::uint32_t i, Node& other) {
    for (std::uint32_t j = i; j < count(); ++j) {
        other.insert(other.count(), key(j), value(j));
    }
    while (count() > i) remove(count() - 1);
}

}  // namespace libos::fs::cofs
