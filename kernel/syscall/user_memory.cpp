// What a call reads of its caller's memory.
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

Result<void> copy_in(System& system, const Env& caller, std::uint64_t address, char* to,
                     std::uint64_t size) {
    mem::Space space = system.space(caller);
    for (std::uint64_t done = 0; done < size;) {
        const abi::VirtAddr at{address + done};
        const abi::VirtAddr page{at.value & ~(abi::page_size - 1)};
        if (!mem::Space::inside(system.memory.system(), page)) {
            return base::error(Status::bad_address);
        }
        const auto leaf = space.leaf(page);
        if (!leaf.has_value() || !leaf->entry->valid()) return base::error(Status::bad_address);
        const std::uint64_t offset = at.value & (abi::page_size - 1);
        const std::uint64_t part = base::min(size - done, abi::page_size - offset);
        const std::byte* from =
            system.memory.view(abi::address_of(leaf->entry->frame())) + offset;
        __builtin_memcpy(to + done, from, part);
        done += part;
    }
    return {};
}

}  // namespace kernel::syscall
