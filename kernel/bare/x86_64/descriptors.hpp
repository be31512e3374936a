// Descriptor tables: GDT, TSS with its interrupt stacks, IDT, and the syscall registers.
#pragma once

namespace kernel::bare {

void descriptors_load();

}  // namespace kernel::bare
