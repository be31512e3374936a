#pragma once

/// FaultyMedium: a disk's medium and cache, as bad as a director wants (kernel/machine/site.hpp).
///
/// Where nobody interferes it is its cache. What disks do wrong and how often: Bairavasundaram et
/// al., An Analysis of Latent Sector Errors in Disk Drives, SIGMETRICS 2007; An Analysis of Data
/// Corruption in the Storage Stack, FAST 2008 (bits that rot, writes that go elsewhere).

#include <cstdint>
#include <functional>
#include <set>

#include "kernel/machine/site.hpp"
#include "sim/machine/disk/write_cache.hpp"

namespace sim::machine::disk {

/// How bad it is at a site, each time one comes there; 0: not at all.
using AskSite = std::function<std::uint64_t(kernel::machine::Site)>;

class FaultyMedium {
public:
    FaultyMedium(WriteCache cache, AskSite ask)
        : cache_{std::move(cache)}, ask_{std::move(ask)} {}

    [[nodiscard]] std::uint64_t blocks() const { return cache_.blocks(); }
    /// This request fails as a whole.
    [[nodiscard]] bool fails() const { return ask_(kernel::machine::Site::disk_error) != 0; }
    /// This request is done after so many looks at the device.
    [[nodiscard]] std::uint64_t late() const { return ask_(kernel::machine::Site::disk_late); }

    /// As DiskImage's; false too: the block cannot be read until it is written again.
    [[nodiscard]] bool read(std::uint64_t block, BlockView into);
    [[nodiscard]] bool write(std::uint64_t block, ConstBlockView from);
    [[nodiscard]] bool flush() { return cache_.flush(); }

    /// The end of the machine. With `lose_unflushed` of each block in the cache only the sectors
    /// that a site allows are written. False: the host refused.
    [[nodiscard]] bool power_off(bool lose_unflushed);

private:
    WriteCache cache_;
    AskSite ask_;
    std::set<std::uint64_t> unreadable_;
};

}  // namespace sim::machine::disk
