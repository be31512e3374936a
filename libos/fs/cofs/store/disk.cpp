#include "libos/fs/cofs/store/disk.hpp"

#include <algorithm>

#include "kernel/base/result.hpp"
#include "libos/fs/checksum.hpp"

namespace libos::fs::cofs {

Result<void> Disk::write(BlockNumber first, std::span<const std::byte> from) {
    TRY(device_.write(first, from));
    for (std::size_t at = 0; complete_ && at < from.size(); at += block_bytes) {
        note(first + static_cast<BlockNumber>(at / block_bytes), from.subspan(at, block_bytes));
    }
    return {};
}

void Disk::note(BlockNumber block, std::span<const std::byte> bytes) {
    const auto listed = list_.first(count_);
    auto at = std::ranges::find(listed, block, &Written::block);
    if (at == listed.end()) {
        complete_ = count_ < listed_max;
        if (!complete_) return;
        at = list_.begin() + count_++;
    }
    *at = {.block = block, .checksum = checksum(bytes)};
}

bool Disk::arrived(std::span<const std::byte> list, std::span<std::byte> scratch) {
    const auto expected = list_.first(list.size() / sizeof(Written));
    std::ranges::copy(list, std::as_writable_bytes(expected).begin());
    return std::ranges::all_of(expected, [&](const Written& one) {
        const auto read = device_.read(one.block, scratch);
        return read ? checksum(scratch) == one.checksum : read.error() == Error::io;
    });
}

Result<void> Disk::flush() {
    TRY(device_.flush());
    count_ = 0;
    complete_ = lists_;
    return {};
}

}  // namespace libos::fs::cofs
