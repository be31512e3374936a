// Descriptor tables: GDT, TSS with its interrupt stacks, IDT, and the syscall registers. The IDT
// is all cores'; the rest each core has of its own, at one address.
#pragma once

namespace kernel::bare {

void descriptors_make();  // once
void descriptors_load();  // on every core

}  // namespace kernel::bare
