// Downloaded code's faults: why a program was refused, or stopped. Shared, so that a libOS can say
// in words what the kernel answered as a number.
#pragma once

#include <cstdint>

namespace kernel::abi {

enum class CodeReason : std::uint8_t {
    none = 0,
    // ---- the program's form (RFC 9669 sections 3 to 5)
    no_instructions,
    too_many_instructions,
    unknown_opcode,
    unused_field,          // a field that the instruction does not use is not zero
    bad_register,          // a register number above 10
    writes_frame_pointer,  // r10 is read-only
    bad_operand,           // an offset or immediate that this operation does not define
    half_wide_load,        // the second half of a 64-bit immediate load is missing or not clean
    jump_outside,          // a jump or local call leaves the program
    jump_into_wide_load,   // a jump lands on the second half of a 64-bit immediate load
    runs_off_the_end,      // the last instruction is neither exit nor an unconditional jump
    // ---- valid eBPF that is not taken here
    map_reference,
    register_call,         // callx
    kernel_function_call,  // a call by BTF id
    legacy_packet,         // BPF_ABS, BPF_IND
    unknown_helper,        // a helper that this contract does not offer
    // ---- what verification finds
    uninitialised,         // reads a register that has no value here
    address_arithmetic,    // an operation that addresses do not have
    address_as_number,     // an address would become a number
    address_out_of_reach,  // an address strays too far from what it points to
    no_address,            // loads or stores through a number
    outside_window,
    outside_stack,
    read_only,             // stores into a read-only window
    uninitialised_stack,   // reads bytes of the stack that have no value here
    misaligned_atomic,
    address_stored,        // an address stored where others, or a later frame, would see it
    calls_too_deep,
    endless_loop,          // a loop comes round with nothing changed
    too_complex,           // exploration's budget is used up
    bound_over_limit,      // the proven bound is larger than the contract allows
    no_room,               // the memory given to verification does not suffice
    bad_contract,
    // ---- what execution in checking mode, and compilation, find
    access_outside,        // an access outside every window and the stack, or a forbidden store
    step_limit,
    reason_count,
};

// What the reason means, in words; never null.
constexpr const char* text_of(CodeReason reason) {
    switch (reason) {
        case CodeReason::none: return "nothing is wrong";
        case CodeReason::no_instructions: return "no instructions";
        case CodeReason::too_many_instructions: return "too many instructions";
        case CodeReason::unknown_opcode: return "unknown opcode";
        case CodeReason::unused_field: return "an unused field is not zero";
        case CodeReason::bad_register: return "no such register: expected r0 to r10";
        case CodeReason::writes_frame_pointer: return "r10 is read-only";
        case CodeReason::bad_operand: return "offset or immediate undefined for this operation";
        case CodeReason::half_wide_load: return "64-bit load without a clean second half";
        case CodeReason::jump_outside: return "jump leaves the program";
        case CodeReason::jump_into_wide_load: return "jump into the middle of a 64-bit load";
        case CodeReason::runs_off_the_end: return "last instruction is neither exit nor jump";
        case CodeReason::map_reference: return "maps are not supported";
        case CodeReason::register_call: return "callx (call by register) is not supported";
        case CodeReason::kernel_function_call: return "calls by BTF id are not supported";
        case CodeReason::legacy_packet: return "legacy packet loads are not supported";
        case CodeReason::unknown_helper: return "helper not offered to this program";
        case CodeReason::uninitialised: return "register read before it is written";
        case CodeReason::address_arithmetic: return "addresses do not have this operation";
        case CodeReason::address_as_number: return "an address would become a number";
        case CodeReason::address_out_of_reach: return "address too far from its memory";
        case CodeReason::no_address: return "memory access through a number";
        case CodeReason::outside_window: return "access may leave its window";
        case CodeReason::outside_stack: return "access may leave the stack frame";
        case CodeReason::read_only: return "store into a read-only window";
        case CodeReason::uninitialised_stack: return "stack read before it is written";
        case CodeReason::misaligned_atomic: return "atomic access not known to be aligned";
        case CodeReason::address_stored: return "an address may only be kept on its own stack";
        case CodeReason::calls_too_deep: return "local calls too deep";
        case CodeReason::endless_loop: return "a loop comes round with nothing changed";
        case CodeReason::too_complex: return "too many paths to explore";
        case CodeReason::bound_over_limit: return "may run for more instructions than allowed";
        case CodeReason::no_room: return "not enough memory to verify";
        case CodeReason::bad_contract: return "the contract itself is wrong";
        case CodeReason::access_outside: return "access outside every window";
        case CodeReason::step_limit: return "step limit reached";
        case CodeReason::reason_count: break;
    }
    return "unknown reason";
}

// What downloaded code is for, and so what it is given (kernel/design/0012-downloaded-code.md).
enum class CodeKind : std::uint32_t {
    predicate = 0,  // r1..r4: two windows of one frame each, read-only; wakes where r0 is not 0
    ownership,      // what a block of a tree owns: abi/tree.hpp
    kind_count,
};

inline constexpr std::uint32_t code_units_max = 256;   // instructions of 8 bytes
inline constexpr std::uint32_t code_frames_max = 64;   // that code_load takes
// What a predicate may run for, in instructions, and how deep its calls may go (stack frames).
inline constexpr std::uint32_t predicate_steps_max = 128;
inline constexpr std::uint32_t predicate_frames_max = 2;
inline constexpr std::uint32_t ownership_steps_max = 8192;  // of frames as many

// Where, and why. `instruction` counts 8-byte units from 0; with reason none it means nothing.
struct CodeFault {
    std::uint32_t instruction = 0;
    CodeReason reason = CodeReason::none;

    constexpr bool operator==(const CodeFault&) const = default;
};

// The value of a call that ended with Status::code_refused, and back.
constexpr std::uint64_t word_of(CodeFault fault) {
    return fault.instruction | static_cast<std::uint64_t>(fault.reason) << 32;
}
constexpr CodeFault fault_of(std::uint64_t word) {
    return {static_cast<std::uint32_t>(word), static_cast<CodeReason>(word >> 32 & 0xff)};
}

}  // namespace kernel::abi
