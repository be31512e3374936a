// Processors: which processors the machine has, as its firmware tells.
//
// From the root pointer (RSDP) to the root table (XSDT or RSDT) to the MADT, whose local APIC
// and local x2APIC entries are the processors: ACPI 6.4, 5.2.5 to 5.2.8, 5.2.12.
// Firmware's tables are input: signatures, lengths and checksums are checked, every loop is
// bounded by a checked length, and what does not fit is not there. Read through boot.S's
// identity map of the low 4 GiB. A machine without such tables has one processor.
#pragma once

#include <cstdint>

#include "kernel/abi/bundle.hpp"

namespace kernel::bare {

struct Processors {
    std::uint32_t apic_ids[abi::cores_max];  // enabled ones, without repetition
    std::uint32_t count;
    bool wide_ids;  // one of them needs x2APIC mode
};

// `rsdp`: where the loader says the root pointer is, or 0.
void processors_read(Processors& processors, std::uint64_t rsdp);

}  // namespace kernel::bare
