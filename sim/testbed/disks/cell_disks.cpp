#include "sim/testbed/disks/cell_disks.hpp"

#include <memory>

namespace sim::testbed::disks {

namespace {

using machine::disk::DiskImage;
using machine::disk::FileImage;
using machine::disk::OverlayImage;

using OpenImage = std::expected<std::shared_ptr<DiskImage>, std::string>;

template <class Image>
OpenImage shared(std::expected<std::unique_ptr<Image>, std::string> image) {
    if (!image) return std::unexpected(image.error());
    return std::shared_ptr<DiskImage>{std::move(*image)};
}

OpenImage open(const Disk& disk, Keeping keeping) {
    if (disk.image.empty()) {
        return std::make_shared<OverlayImage>(disk.bytes / machine::disk::block_bytes);
    }
    const bool keep = disk.keep && keeping == Keeping::as_said;
    return keep ? shared(FileImage::open(disk.image)) : shared(OverlayImage::over(disk.image));
}

}  // namespace

std::expected<std::vector<machine::disk::DiskSpec>, std::string> hosted_disks(
    const Machine& machine, Keeping keeping) {
    std::vector<machine::disk::DiskSpec> all;
    for (const Disk& disk : machine.disks) {
        auto image = open(disk, keeping);
        if (!image) return std::unexpected("disk " + disk.name + ": " + image.error());
        all.push_back({.image = std::move(*image), .lose_unflushed = disk.lose_unflushed});
    }
    return all;
}

std::vector<boot::BareDisk> bare_disks(const Machine& machine, Keeping keeping) {
    std::vector<boot::BareDisk> all;
    for (const Disk& disk : machine.disks) {
        all.push_back({.image = disk.image,
                       .bytes = disk.bytes,
                       .nvme = disk.nvme,
                       .keep = disk.keep && keeping == Keeping::as_said});
    }
    return all;
}

}  // namespace sim::testbed::disks
