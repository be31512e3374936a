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
// The 4 bytes, without sign.
constexpr Instruction load_4(unsigned to, unsigned from, std::int16_t offset) {
    return {0x61, registers_of(to, from), offset, 0};
}
constexpr Instruction store_4(unsigned to, std::int16_t offset, unsigned from) {
    return {0x63, registers_of(to, from), offset, 0};
}
constexpr Instruction copy(unsigned to, unsigned from) {
    return {0xbf, registers_of(to, from), 0, 0};
}
constexpr Instruction add(unsigned to, std::int32_t value) {
    return {0x07, registers_of(to, 0), 0, value};
}
constexpr Instruction add_register(unsigned to, unsigned from) {
    return {0x0f, registers_of(to, from), 0, 0};
}
// Jumps over `units`, or back, where r`left` < value; > value; is another. All without sign.
constexpr Instruction jump_where_below(unsigned left, std::int32_t value, std::int16_t units) {
    return {0xa5, registers_of(left, 0), units, value};
}
constexpr Instruction jump_where_above(unsigned left, std::int32_t value, std::int16_t units) {
    return {0x25, registers_of(left, 0), units, value};
}
constexpr Instruction jump_where_not(unsigned left, std::int32_t value, std::int16_t units) {
    return {0x55, registers_of(left, 0), units, value};
}
constexpr Instruction jump(std::int16_t units) { return {0x05, 0, units, 0}; }
constexpr Instruction leave() { return {0x95, 0, 0, 0}; }

}  // namespace libos::code
