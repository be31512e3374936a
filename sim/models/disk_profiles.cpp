#include "sim/models/disk_profiles.hpp"

namespace sim::models {

namespace {

// hdd: Seagate Constellation ES.3, 7200 rpm (product manual 100671510, 4.1; data sheet):
//   rotation      7200 rpm
//   read_block    sustained 83 to 175 MB/s: their mean, 129 MB/s
//   track_blocks  what passes in a revolution at that rate
//   seek_knee     average seek 8.5 ms, which is a third of the disk
//   settle, seek_full, command  assumed: neighbouring track 1 ms, whole stroke 16 ms, 50 us
//   cache_blocks  128 MiB; cache_block: a SAS link of 600 MB/s
// sata_ssd: Samsung 850 EVO 1 TB (data sheet): random 4 KiB at queue depth 1 10,000 reads/s and
//   40,000 writes/s, at depth 32 98,000 and 90,000; sequential 540 and 520 MB/s
// nvme: Samsung 970 EVO Plus 1 TB (data sheet): random 4 KiB at depth 1 19,000 and 60,000, at
//   depth 32 of 4 threads 600,000 and 550,000; sequential 3,500 and 3,300 MB/s
//   command + cache_block is a write at depth 1; with read_access and read_block a read at depth 1
//   channels      how many reads of that time make the rate at full depth
//   write_access  by how many channels make the write rate at full depth
//   cache_blocks, flush  assumed: 16 MiB; 500 us (SATA) and 200 us (NVMe)
// Limit: the link that channels share is not in a profile, so several large requests at once pass
// faster than the sequential rate.
constexpr Named<kernel::abi::ServiceProfile> profiles[] = {
    {"hdd", "7200 rpm, Seagate Constellation ES.3: 8.5 ms mean seek, 129 MB/s",
     {.command = 50'000,
      .read_block = 31'750,
      .write_block = 31'750,
      .channels = 1,
      .settle = 1'000'000,
      .seek_knee = 8'500'000,
      .seek_full = 16'000'000,
      .knee_permille = 333,
      .rotation = 8'333'333,
      .track_blocks = 262,
      .cache_blocks = 32'768,
      .cache_block = 6'800}},
    {"sata_ssd", "Samsung 850 EVO 1 TB: 10,000 and 98,000 reads/s, 540 MB/s",
     {.command = 17'100,
      .read_access = 75'300,
      .write_access = 103'200,
      .read_block = 7'600,
      .write_block = 7'900,
      .channels = 10,
      .cache_blocks = 4'096,
      .cache_block = 7'900,
      .flush = 500'000}},
    {"nvme", "Samsung 970 EVO Plus 1 TB: 19,000 and 600,000 reads/s, 3500 MB/s",
     {.command = 15'400,
      .read_access = 36'000,
      .write_access = 56'900,
      .read_block = 1'200,
      .write_block = 1'250,
      .channels = 32,
      .cache_blocks = 4'096,
      .cache_block = 1'250,
      .flush = 200'000}},
    {"ideal", "every request is done at once",
     {.channels = kernel::abi::channels_max}},
};

}  // namespace

std::span<const Named<kernel::abi::ServiceProfile>> disk_profiles() { return profiles; }

std::optional<kernel::abi::ServiceProfile> disk_profile(std::string_view name) {
    return find(disk_profiles(), name);
}

}  // namespace sim::models
