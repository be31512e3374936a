#include "kernel/code/interpreter.hpp"

#include "kernel/base/assert.hpp"
#include "kernel/code/arithmetic.hpp"

namespace kernel::code {

namespace {

// A caller of a local function, to go back to: RFC 9669 4.3.2 keeps r6 to r9.
struct Return {
    std::uint32_t to;
    std::array<std::uint64_t, 4> kept;
};

// The verified program's memory: as it says.
struct Trusted {
    static CodeReason step() { return CodeReason::none; }
    static CodeReason access(std::uint64_t, unsigned, bool, bool) { return CodeReason::none; }
    static CodeReason depth(unsigned) { return CodeReason::none; }
};

// Anybody's memory: looked up. Regions: the windows, and the stack's active frames.
struct Checked {
    std::span<const Window> windows;
    std::span<std::byte> stack;
    std::uint64_t steps_max;
    std::uint64_t steps = 0;
    std::uint64_t active_frames = 1;

    CodeReason step() {
        return ++steps > steps_max ? CodeReason::step_limit : CodeReason::none;
    }
    static bool inside(std::uint64_t address, unsigned size, const std::byte* base,
                       std::uint64_t bytes) {
        const std::uint64_t from = address - reinterpret_cast<std::uintptr_t>(base);
        return from < bytes && size <= bytes - from;
    }
    CodeReason access(std::uint64_t address, unsigned size, bool store, bool atomic) const {
        if (atomic && address % size != 0) return CodeReason::misaligned_atomic;
        const std::uint64_t active = active_frames * frame_bytes;
        if (inside(address, size, stack.data() + (stack.size() - active), active)) {
            return CodeReason::none;
        }
        for (const Window& window : windows) {
            if (!inside(address, size, window.base, window.bytes)) continue;
            return store && !window.writable ? CodeReason::read_only : CodeReason::none;
        }
        return CodeReason::access_outside;
    }
    CodeReason depth(unsigned frames) {
        active_frames = frames;
        const bool fits = frames <= frames_max && frames * frame_bytes <= stack.size();
        return fits ? CodeReason::none : CodeReason::calls_too_deep;
    }
};

template <class Word>
Word load_as(std::uint64_t address) {
    Word word;
    __builtin_memcpy(&word, reinterpret_cast<const void*>(address), sizeof word);
    return word;
}
template <class Word>
void store_as(std::uint64_t address, std::uint64_t value) {
    const auto word = static_cast<Word>(value);
    __builtin_memcpy(reinterpret_cast<void*>(address), &word, sizeof word);
}

std::uint64_t load(std::uint64_t address, unsigned size) {
    switch (size) {
        case 1: return load_as<std::uint8_t>(address);
        case 2: return load_as<std::uint16_t>(address);
        case 4: return load_as<std::uint32_t>(address);
        default: return load_as<std::uint64_t>(address);
    }
}
void store(std::uint64_t address, unsigned size, std::uint64_t value) {
    switch (size) {
        case 1: return store_as<std::uint8_t>(address, value);
        case 2: return store_as<std::uint16_t>(address, value);
        case 4: return store_as<std::uint32_t>(address, value);
        default: return store_as<std::uint64_t>(address, value);
    }
}

// The word's old value; a compare-and-exchange compares with `expected`.
template <class Word>
Word exchange(std::int32_t operation, std::uint64_t address, Word operand, Word expected) {
    Word* const word = reinterpret_cast<Word*>(address);
    switch (operation & ~atomic_fetch) {
        case atomic_add: return __atomic_fetch_add(word, operand, __ATOMIC_SEQ_CST);
        case atomic_or: return __atomic_fetch_or(word, operand, __ATOMIC_SEQ_CST);
        case atomic_and: return __atomic_fetch_and(word, operand, __ATOMIC_SEQ_CST);
        case atomic_xor: return __atomic_fetch_xor(word, operand, __ATOMIC_SEQ_CST);
        case atomic_exchange & ~atomic_fetch:
            return __atomic_exchange_n(word, operand, __ATOMIC_SEQ_CST);
        default:
            __atomic_compare_exchange_n(word, &expected, operand, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST);
            return expected;
    }
}

template <class Memory>
class Machine {
public:
    Machine(Program program, const Run& run, Memory& memory)
        : program_{program}, helpers_{run.helpers}, memory_{memory} {
        CHITIN_ASSERT(run.stack.size() >= frame_bytes && run.stack.size() % frame_bytes == 0);
        for (unsigned i = 0; i < run.arguments.size(); ++i) registers_[1 + i] = run.arguments[i];
        registers_[frame_pointer] =
            reinterpret_cast<std::uintptr_t>(run.stack.data() + run.stack.size());
    }

    CodeFault run() {
        for (;;) {
            const std::uint32_t at = next_++;
            CodeReason reason = memory_.step();
            if (reason == CodeReason::none) reason = execute(program_[at]);
            if (reason != CodeReason::none) return {at, reason};
            if (done_) return {};
        }
    }
    [[nodiscard]] std::uint64_t result() const { return registers_[0]; }

private:
    [[nodiscard]] std::uint64_t operand(const Instruction& i) const {
        return source_is_register(i.opcode) ? registers_[i.src()] : i.imm64();
    }

    CodeReason execute(const Instruction& i) {
        std::uint64_t& destination = registers_[i.dst()];
        switch (class_of(i.opcode)) {
            case Class::alu:
            case Class::alu64: destination = computed(i, destination, operand(i)); break;
            case Class::jmp:
            case Class::jmp32: return jump(i);
            case Class::ld: destination = wide_immediate(i, program_[next_++]); break;
            case Class::ldx: return read(i);
            case Class::st: return write(i, i.imm64());
            case Class::stx:
                if (mode_of(i.opcode) == Mode::atomic) return atomic(i);
                return write(i, registers_[i.src()]);
        }
        return CodeReason::none;
    }

    CodeReason read(const Instruction& i) {
        const std::uint64_t address = registers_[i.src()] + static_cast<std::uint64_t>(
                                                                std::int64_t{i.offset});
        const unsigned size = size_of(i.opcode);
        const CodeReason reason = memory_.access(address, size, false, false);
        if (reason != CodeReason::none) return reason;
        const std::uint64_t value = load(address, size);
        const bool extends = mode_of(i.opcode) == Mode::memsx;
        registers_[i.dst()] = extends ? sign_extend(value, static_cast<int>(8 * size)) : value;
        return CodeReason::none;
    }

    CodeReason write(const Instruction& i, std::uint64_t value) {
        const std::uint64_t address = registers_[i.dst()] + static_cast<std::uint64_t>(
                                                                std::int64_t{i.offset});
        const CodeReason reason = memory_.access(address, size_of(i.opcode), true, false);
        if (reason == CodeReason::none) store(address, size_of(i.opcode), value);
        return reason;
    }

    CodeReason atomic(const Instruction& i) {
        const std::uint64_t address = registers_[i.dst()] + static_cast<std::uint64_t>(
                                                                std::int64_t{i.offset});
        const unsigned size = size_of(i.opcode);
        const CodeReason reason = memory_.access(address, size, true, true);
        if (reason != CodeReason::none) return reason;
        const std::uint64_t operand = registers_[i.src()];
        const std::uint64_t expected = registers_[0];
        const std::uint64_t old =
            size == 8 ? exchange<std::uint64_t>(i.imm, address, operand, expected)
                      : exchange<std::uint32_t>(i.imm, address,
                                                static_cast<std::uint32_t>(operand),
                                                static_cast<std::uint32_t>(expected));
        if (i.imm == atomic_compare_exchange) {
            registers_[0] = old;
        } else if ((i.imm & atomic_fetch) != 0) {
            registers_[i.src()] = old;
        }
        return CodeReason::none;
    }

    CodeReason jump(const Instruction& i) {
        switch (jump_of(i.opcode)) {
            case Jump::always: next_ += static_cast<std::uint32_t>(distance(i)); break;
            case Jump::call: return calls_local(i) ? enter(i) : call(i);
            case Jump::exit: leave(); break;
            default:
                if (holds(i, registers_[i.dst()], operand(i))) {
                    next_ += static_cast<std::uint32_t>(distance(i));
                }
        }
        return CodeReason::none;
    }

    CodeReason call(const Instruction& i) {
        const Helper* const helper = find_helper(helpers_, i.imm);
        if (helper == nullptr) return CodeReason::unknown_helper;
        registers_[0] = helper->function(helper->context, registers_[1], registers_[2],
                                         registers_[3], registers_[4], registers_[5]);
        return CodeReason::none;
    }

    CodeReason enter(const Instruction& i) {
        const CodeReason reason = memory_.depth(depth_ + 2);
        if (reason != CodeReason::none) return reason;
        CHITIN_ASSERT(depth_ < returns_.size());
        Return& back = returns_[depth_++];
        back.to = next_;
        for (unsigned k = 0; k < back.kept.size(); ++k) back.kept[k] = registers_[6 + k];
        registers_[frame_pointer] -= frame_bytes;
        next_ += static_cast<std::uint32_t>(i.imm);
        return CodeReason::none;
    }

    void leave() {
        if (depth_ == 0) {
            done_ = true;
            return;
        }
        const Return& back = returns_[--depth_];
        next_ = back.to;
        for (unsigned k = 0; k < back.kept.size(); ++k) registers_[6 + k] = back.kept[k];
        registers_[frame_pointer] += frame_bytes;
        (void)memory_.depth(depth_ + 1);
    }

    Program program_;
    std::span<const Helper> helpers_;
    Memory& memory_;
    std::array<std::uint64_t, register_count> registers_{};
    std::array<Return, frames_max - 1> returns_;
    unsigned depth_ = 0;
    std::uint32_t next_ = 0;
    bool done_ = false;
};

}  // namespace

std::uint64_t interpret(Program program, const Run& run) {
    Trusted memory;
    Machine machine{program, run, memory};
    const CodeFault fault = machine.run();
    CHITIN_ASSERT(fault.reason == CodeReason::none);
    return machine.result();
}

Outcome interpret_checked(Program program, const Run& run, std::span<const Window> windows,
                          std::uint64_t steps_max) {
    Checked memory{.windows = windows, .stack = run.stack, .steps_max = steps_max};
    Machine machine{program, run, memory};
    const CodeFault fault = machine.run();
    return {fault, machine.result(), memory.steps};
}

}  // namespace kernel::code
