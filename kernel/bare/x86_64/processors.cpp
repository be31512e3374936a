#include "kernel/bare/x86_64/processors.hpp"

#include "kernel/bare/x86_64/layout.hpp"

namespace kernel::bare {
namespace {

constexpr std::uint64_t rsdp_signature = 0x2052'5450'2044'5352;  // "RSD PTR "
constexpr std::uint32_t rsdt_signature = 0x54445352, xsdt_signature = 0x54445358;
constexpr std::uint32_t madt_signature = 0x43495041;             // "APIC"
constexpr std::uint32_t rsdp_bytes = 20;   // what all revisions have, and its first checksum spans
constexpr std::uint32_t table_header = 36;
constexpr std::uint32_t table_bytes_max = 1 << 20;

// Firmware's fields are not aligned.
template <class T>
T read(std::uint64_t physical) {
    T value;
    __builtin_memcpy(&value, reinterpret_cast<const void*>(physical), sizeof value);
    return value;
}

bool sums_to_zero(std::uint64_t at, std::uint32_t bytes) {
    std::uint8_t sum = 0;
    for (std::uint32_t i = 0; i < bytes; ++i) sum += read<std::uint8_t>(at + i);
    return sum == 0;
}

// In the memory that boot.S maps, with the largest table behind it?
bool readable(std::uint64_t at) { return at != 0 && at < direct_end - table_bytes_max; }

// The length of the table at `at`, or 0: no such table there.
std::uint32_t table_length(std::uint64_t at, std::uint32_t signature) {
    if (!readable(at) || read<std::uint32_t>(at) != signature) return 0;
    const auto length = read<std::uint32_t>(at + 4);
    const bool good = length >= table_header && length <= table_bytes_max;
    return good && sums_to_zero(at, length) ? length : 0;
}

// The root pointer in [begin, begin + bytes), on a boundary of 16 bytes; or 0.
std::uint64_t find_rsdp(std::uint64_t begin, std::uint64_t bytes) {
    if (!readable(begin)) return 0;
    for (std::uint64_t at = begin; at < begin + bytes; at += 16) {
        if (read<std::uint64_t>(at) == rsdp_signature && sums_to_zero(at, rsdp_bytes)) return at;
    }
    return 0;
}

void add(Processors& processors, std::uint32_t apic_id, std::uint32_t flags) {
    constexpr std::uint32_t enabled = 1, xapic_id_max = 254;  // 255: all of them
    if ((flags & enabled) == 0) return;
    for (std::uint32_t i = 0; i < processors.count; ++i) {
        if (processors.apic_ids[i] == apic_id) return;
    }
    if (apic_id > xapic_id_max) processors.wide_ids = true;
    if (processors.count < abi::cores_max) processors.apic_ids[processors.count++] = apic_id;
}

void read_madt(Processors& processors, std::uint64_t at, std::uint32_t length) {
    constexpr std::uint32_t entries = 44, local_apic = 0, local_x2apic = 9;
    std::uint64_t entry = at + entries;
    const std::uint64_t end = at + length;
    while (entry + 2 <= end) {
        const auto type = read<std::uint8_t>(entry);
        const auto size = read<std::uint8_t>(entry + 1);
        if (size < 2 || size > end - entry) return;
        if (type == local_apic && size >= 8) {
            add(processors, read<std::uint8_t>(entry + 3), read<std::uint32_t>(entry + 4));
        }
        if (type == local_x2apic && size >= 16) {
            add(processors, read<std::uint32_t>(entry + 4), read<std::uint32_t>(entry + 8));
        }
        entry += size;
    }
}

// The root table's entries are addresses of 4 (RSDT) or 8 bytes (XSDT).
void read_root(Processors& processors, std::uint64_t at, std::uint32_t signature,
               std::uint32_t size) {
    const std::uint32_t length = table_length(at, signature);
    for (std::uint32_t i = table_header; i + size <= length; i += size) {
        const std::uint64_t table =
            size == 8 ? read<std::uint64_t>(at + i) : read<std::uint32_t>(at + i);
        if (const std::uint32_t bytes = table_length(table, madt_signature)) {
            read_madt(processors, table, bytes);
        }
    }
}

}  // namespace

void processors_read(Processors& processors, std::uint64_t rsdp) {
    constexpr std::uint64_t bios_begin = 0xe'0000, bios_bytes = 0x2'0000;
    constexpr std::uint64_t extended_area_bytes = 1024;
    std::uint64_t segment_at = 0x40e;  // the BIOS's extended data area: its segment
    asm("" : "+r"(segment_at));        // an address, not an offset from a null pointer
    std::uint64_t at = find_rsdp(rsdp, 1);
    if (at == 0) at = find_rsdp(read<std::uint16_t>(segment_at) << 4, extended_area_bytes);
    if (at == 0) at = find_rsdp(bios_begin, bios_bytes);
    if (at != 0) {
        if (read<std::uint8_t>(at + 15) >= 2) {
            read_root(processors, read<std::uint64_t>(at + 24), xsdt_signature, 8);
        } else {
            read_root(processors, read<std::uint32_t>(at + 16), rsdt_signature, 4);
        }
    }
    if (processors.count == 0) processors.count = 1;
}

}  // namespace kernel::bare
