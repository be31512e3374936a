#include "sim/machine/disk/faulty_medium.hpp"

namespace sim::machine::disk {

using kernel::machine::Site;

bool FaultyMedium::read(std::uint64_t block, BlockView into) {
    if (ask_(Site::disk_latent) != 0) unreadable_.insert(block);
    if (unreadable_.contains(block)) return false;
    const std::uint64_t rot = ask_(Site::disk_rot);
    if (rot != 0 && !cache_.flip(block, rot % (block_bytes * 8))) return false;
    return cache_.read(block, into);
}

bool FaultyMedium::write(std::uint64_t block, ConstBlockView from) {
    const std::uint64_t elsewhere = ask_(Site::disk_misdirected);
    const std::uint64_t place = elsewhere == 0 ? block : (block + elsewhere) % blocks();
    unreadable_.erase(place);
    return cache_.write(place, from);
}

bool FaultyMedium::power_off(bool lose_unflushed) {
    if (!lose_unflushed) return cache_.flush();
    return cache_.lose([this] { return ask_(Site::disk_torn) % (sectors_each + 1); });
}

}  // namespace sim::machine::disk
