#include "tests/unit/code/generator.hpp"

namespace tests::code {

namespace {

constexpr std::uint8_t sizes[] = {0x10, 0x08, 0x00, 0x18};  // 1, 2, 4, 8 bytes
constexpr std::int16_t second_window_at = -104;
constexpr std::uint32_t size_bytes[] = {1, 2, 4, 8};

std::uint8_t opcode(std::uint64_t value) { return static_cast<std::uint8_t>(value); }

}  // namespace

std::int32_t Generator::constant() {
    constexpr std::int32_t interesting[] = {0, 1, -1, 2, 7, 31, 32, 63, 64, 255, 0x7fffffff,
                                            std::numeric_limits<std::int32_t>::min()};
    if (below(3) != 0) return interesting[below(std::size(interesting))];
    return static_cast<std::int32_t>(draw_());
}

void Generator::arithmetic() {
    constexpr unsigned operations[] = {0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12};
    const unsigned operation = static_cast<unsigned>(operations[below(std::size(operations))]);
    const unsigned width = below(2) != 0 ? 7 : 4;
    const bool from_register = below(2) != 0;
    std::int16_t offset = 0;
    if ((operation == 3 || operation == 9) && below(2) != 0) offset = 1;
    if (operation == 11 && from_register && below(2) != 0) {
        offset = static_cast<std::int16_t>(8 << below(width == 7 ? 3 : 2));
    }
    const unsigned code = operation << 4 | width | (from_register ? 8u : 0u);
    if (from_register) {
        put(make(opcode(code), number(), number(), offset, 0));
    } else {
        put(make(opcode(code), number(), 0, offset, constant()));
    }
}

void Generator::swap() {
    constexpr std::uint8_t opcodes[] = {0xd4, 0xdc, 0xd7, 0x84, 0x87};
    const std::uint8_t chosen = opcodes[below(std::size(opcodes))];
    const std::int32_t imm = (chosen & 0xf0) == 0xd0 ? 16 << below(3) : 0;
    put(make(chosen, number(), 0, 0, imm));
}

void Generator::wide_constant() {
    put(make(0x18, number(), 0, 0, constant()));
    put(make(0, 0, 0, 0, constant()));
}

// Of the bytes that are always there.
void Generator::window_access() {
    const auto size = below(4);
    if (bytes_min_ < size_bytes[size]) return;
    const auto offset = static_cast<std::int16_t>(below(bytes_min_ - size_bytes[size] + 1));
    switch (below(3)) {
        case 0: put(make(opcode(0x61 | sizes[size]), number(), 6, offset, 0)); break;
        case 1: put(make(opcode(0x63 | sizes[size]), 6, number(), offset, 0)); break;
        default:
            if (size == 3) {
                put(make(0x7a, 6, 0, offset, constant()));
            } else {
                put(make(opcode(0x81 | sizes[size]), number(), 6, offset, 0));
            }
    }
}

// Past what is always there, behind a comparison of the length, which lies in r2 or its copy.
void Generator::guarded_access() {
    const auto need = static_cast<std::int32_t>(1 + below(bytes_max_));
    const bool copied = below(2) != 0;
    const bool narrow = below(4) == 0;
    if (copied) put(copy(5, 2));
    const unsigned length = copied ? 5 : 2;
    put(make(narrow ? 0xa6 : 0xa5, length, 0, 1, need));
    put(make(0x71, number(), 6, static_cast<std::int16_t>(need - 1), 0));
}

// An unknown distance, cut to what is there.
void Generator::masked_access() {
    std::int32_t mask = 1;
    while (static_cast<std::uint32_t>(2 * mask + 1) < bytes_min_) mask = 2 * mask + 1;
    if (static_cast<std::uint32_t>(mask) >= bytes_min_) return;
    const unsigned index = number();
    put(copy(5, 6));
    put(make(below(2) != 0 ? 0x57 : 0x54, index, 0, 0, mask));
    put(add_register(5, index));
    if (below(2) != 0) {
        put(load_byte(number(), 5, 0));
    } else {
        put(store_byte(5, 0, number()));
    }
}

// Behind a header of unknown length, which is compared with the window's; sometimes a byte too far.
void Generator::relative_access() {
    constexpr std::uint8_t conditions[] = {0x2d, 0x3d, 0x2e, 0x3e, 0xad, 0xbd};
    const unsigned header = number();
    put(load_byte(header, 6, static_cast<std::int16_t>(below(4))));
    const unsigned narrow = below(2) != 0 ? 3 : 0;  // what the 32-bit operations' opcodes are less
    put(make(opcode(0x57 - narrow), header, 0, 0, 15));
    put(make(opcode(0x67 - narrow), header, 0, 0, static_cast<std::int32_t>(below(3))));
    const auto behind = static_cast<std::int32_t>(below(16));
    const std::uint8_t condition = conditions[below(std::size(conditions))];
    const bool reversed = condition >= 0xa0;
    put(make(opcode(0xbf - narrow), 5, header, 0, 0));
    put(make(opcode((below(3) == 0 ? 0x47 : 0x07) - narrow), 5, 0, 0, behind));
    put(make(condition, reversed ? 2 : 5, reversed ? 5 : 2, 3, 0));
    put(copy(5, 6));
    put(add_register(5, header));
    const std::int32_t at = behind + 1 - static_cast<std::int32_t>(below(4));
    put(load_byte(number(), 5, static_cast<std::int16_t>(at)));
}

// Its address waits in a slot of the stack.
void Generator::second_window() {
    put(load_word(5, 10, second_window_at));
    if (below(8) == 0) put(add(5, static_cast<std::int32_t>(below(4))));
    put(load_byte(number(), 5, static_cast<std::int16_t>(below(second_window_bytes))));
}

// Two addresses into one window: compared, and subtracted.
void Generator::addresses() {
    constexpr std::uint8_t conditions[] = {0x1d, 0x5d, 0x2d, 0x3d, 0xad, 0xbd};
    put(copy(5, 6));
    put(add(5, static_cast<std::int32_t>(below(bytes_min_ + 2))));
    put(make(conditions[below(std::size(conditions))], 5, 6, 1, 0));
    put(add(number(), 3));
    put(make(0x1f, 5, 6, 0, 0));
    put(add_register(number(), 5));
}

void Generator::spill() {
    const std::int16_t at = slot();
    switch (below(4)) {
        case 0:  // an address, there and back
            put(store_word(10, at, 6));
            put(load_word(5, 10, at));
            put(copy(6, 5));
            break;
        case 1: {  // part of a number
            const auto size = below(4);
            put(store_word(10, at, number()));
            put(make(opcode(0x61 | sizes[size]), number(), 10, at, 0));
            break;
        }
        case 2: {  // an unknown slot of two
            const unsigned index = number();
            put(make(0x7a, 10, 0, -72, constant()));
            put(store_word(10, -80, number()));
            put(make(0x57, index, 0, 0, 8));
            put(copy(5, 10));
            put(add_register(5, index));
            put(load_word(number(), 5, -80));
            break;
        }
        default:
            put(store_word(10, at, number()));
            put(load_word(number(), 10, at));
    }
}

void Generator::atomic() {
    constexpr std::int32_t operations[] = {0,    1,    0x40, 0x41, 0x50,
                                           0x51, 0xa0, 0xa1, 0xe1, 0xf1};
    const std::int32_t operation = operations[below(std::size(operations))];
    const std::int16_t at = slot();
    put(store_word(10, at, number()));
    const std::uint8_t width = below(2) != 0 ? 0xdb : 0xc3;
    put(make(width, 10, number(), at, operation));
}

void Generator::branch() {
    constexpr unsigned conditions[] = {1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13};
    const unsigned condition = static_cast<unsigned>(conditions[below(std::size(conditions))]);
    const unsigned width = below(2) != 0 ? 5 : 6;
    const bool from_register = below(2) != 0;
    const unsigned code = condition << 4 | width | (from_register ? 8u : 0u);
    const std::size_t at = code_.size();
    put(make(opcode(code), number(), from_register ? number() : 0, 0,
             from_register ? 0 : constant()));
    piece();
    const bool otherwise = below(2) != 0;
    const std::size_t middle = code_.size();
    if (otherwise) put(jump(0));
    code_[at].offset = static_cast<std::int16_t>(code_.size() - at - 1);
    if (!otherwise) return;
    piece();
    code_[middle].offset = static_cast<std::int16_t>(code_.size() - middle - 1);
}

void Generator::loop() {
    if (depth_ > 1) return;
    put(mov(7, 0));
    const std::size_t begin = code_.size();
    piece();
    put(add(7, static_cast<std::int32_t>(1 + below(2))));
    const auto back = static_cast<std::int16_t>(begin) - static_cast<std::int16_t>(code_.size());
    put(make(0xa5, 7, 0, static_cast<std::int16_t>(back - 1),
             static_cast<std::int32_t>(1 + below(12))));
}

void Generator::call() {
    if (below(3) == 0) {
        put(store_word(10, -96, 2));
        put(copy(1, number()));
        put(tests::code::call(5));
        put(load_word(2, 10, -96));
    } else {
        put(store_word(10, -96, 2));
        put(copy(1, below(2) != 0 ? 6 : number()));
        put(copy(2, number()));
        calls_.push_back(code_.size());
        put(call_local(0));
        put(load_word(2, 10, -96));
    }
    for (const unsigned lost : {3, 4}) put(mov(lost, constant()));
}

void Generator::piece() {
    ++depth_;
    switch (below(depth_ > 3 ? 11 : 15)) {
        case 0:
        case 1: arithmetic(); break;
        case 2: swap(); break;
        case 3: wide_constant(); break;
        case 4: window_access(); break;
        case 5: guarded_access(); break;
        case 6: masked_access(); break;
        case 7: spill(); break;
        case 8: relative_access(); break;
        case 9: second_window(); break;
        case 10: addresses(); break;
        case 11: atomic(); break;
        case 12: branch(); break;
        case 13: loop(); break;
        default: call(); break;
    }
    --depth_;
}

// Each call gets a function: some arithmetic on its second argument, with registers of its own.
void Generator::functions() {
    for (const std::size_t at : calls_) {
        code_[at].imm = static_cast<std::int32_t>(code_.size() - at - 1);
        put(copy(0, 2));
        put(mov(6, constant()));
        put(store_word(10, -16, 6));
        put(make(opcode(0x0f | below(3) << 4), 0, 6, 0, 0));
        put(load_word(8, 10, -16));
        put(leave());
    }
}

// What is no longer well-formed is mostly taken back: such programs are refused at first sight.
void Generator::mutate() {
    for (auto count = 1 + below(4); count > 0; --count) {
        Instruction& i = code_[below(code_.size())];
        const Instruction before = i;
        switch (below(4)) {
            case 0: i.registers = static_cast<std::uint8_t>(below(11) | below(11) << 4); break;
            case 1: i.offset = static_cast<std::int16_t>(i.offset ^ 1 << below(8)); break;
            case 2: i.imm ^= 1 << below(31); break;
            default: i = make(opcode(draw_()), static_cast<unsigned>(below(11)), 0, 0, constant());
        }
        const bool formed = kernel::code::form(code_).reason == kernel::code::CodeReason::none;
        if (!formed && below(16) != 0) i = before;
    }
}

Code Generator::mutated(const Code& code) {
    code_ = code;
    mutate();
    return code_;
}

Code Generator::program(std::uint32_t bytes_min, std::uint32_t bytes_max) {
    code_.clear();
    calls_.clear();
    depth_ = 0;
    bytes_min_ = bytes_min;
    bytes_max_ = bytes_max;
    put(copy(6, 1));
    put(store_word(10, second_window_at, 3));
    for (const int start : numbers_) put(mov(static_cast<unsigned>(start), constant()));
    put(copy(static_cast<unsigned>(numbers_[below(5)]), 2));
    for (auto count = 3 + below(14); count > 0; --count) piece();
    put(copy(0, number()));
    put(leave());
    functions();
    if (below(2) != 0) mutate();
    return code_;
}

}  // namespace tests::code
