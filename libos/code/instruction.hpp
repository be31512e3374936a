// Instruction: eBPF instructions (RFC 9669) as programs write them by hand.
#pragma once

#include <cstdint>

namespace libos::code {

// One unit of 8 bytes, as it lies in memory.
struct Instruction {
    std::uint8_t opcode;
    std::uint8_t registers;  // source << 4 | destination
    std::int16_t offset;
    std::int32_t imm;
};
static_assert(sizeof(Instruction) == 8);

constexpr std::uint8_t registers_of(unsigned to, unsigned from) {
    return static_cast<std::uint8_t>(from << 4 | to);
}
// r`to` = the 8 bytes at r`from` + offset.
constexpr Instruction load(unsigned to, unsigned from, std::int16_t offset) {
    return {0x79, registers_of(to, from), offset, 0};
}
// The 8 bytes at r`to` + offset = r`from`.
constexpr Instruction store(unsigned to, std::int16_t offset, unsigned from) {
    return {0x7b, registers_of(to, from), offset, 0};
}
constexpr Instruction set(unsigned to, std::int32_t value) {
    return {0xb7, registers_of(to, 0), 0, value};
}
// Jumps over `units` where r`left` >= r`right`, both without sign.
constexpr Instruction jump_where_at_least(unsigned left, unsigned right, std::int16_t units) {
    return {0x3d, registers_of(left, right), units, 0};
}
constexpr Instruction jump(std::int16_t units) { return {0x05, 0, units, 0}; }
constexpr Instruction leave() { return {0x95, 0, 0, 0}; }

}  // namespace libos::code
