#include "kernel/syscall/compile.hpp"

namespace kernel::syscall {

code::jit::Entry compile(System& system, FrameNumber owner, code::Program program) {
    const auto entry =
        code::compile_into_page(system.core, system.code_pages, owner, program);
    if (entry != nullptr) system.memory.system().code_compiled++;
    return entry;
}

}  // namespace kernel::syscall
