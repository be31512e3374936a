#pragma once

/// Abstract execution: what one instruction makes of a State, and why it may not.

#include "kernel/code/contract.hpp"
#include "kernel/code/verify/notes.hpp"
#include "kernel/code/verify/state.hpp"

namespace kernel::code::verify {

/// Which ways a branch can go, as bits.
struct Ways {
    bool taken;
    bool fallen;
};

class Execution {
public:
    Execution(Program program, const Contract& contract, std::span<const Note> notes, State& state)
        : program_{program}, contract_{contract}, notes_{notes}, state_{state} {}

    /// The state on entry. Reason bad_contract: the contract cannot be met by any program.
    [[nodiscard]] CodeReason enter();

    /// Executes the instruction at the state's `next`, which is no branch, and moves on.
    [[nodiscard]] CodeReason step();
    [[nodiscard]] bool ended() const { return ended_; }

    /// Which ways the branch at `next` can go. Reasons as for reading its operands.
    [[nodiscard]] CodeReason ways(Ways& ways) const;
    /// Goes one of them.
    void go(bool taken);
    void restart() { ended_ = false; }

private:
    struct Access {
        const Instruction& instruction;
        Value base;
        bool store;
    };

    [[nodiscard]] CodeReason operand(const Instruction& i, Value& value) const;
    [[nodiscard]] CodeReason arithmetic_step(const Instruction& i);
    [[nodiscard]] CodeReason address_step(const Instruction& i, const Value& a, const Value& b);
    [[nodiscard]] CodeReason load_step(const Instruction& i);
    [[nodiscard]] CodeReason store_step(const Instruction& i);
    [[nodiscard]] CodeReason atomic_step(const Instruction& i);
    [[nodiscard]] CodeReason call_helper(const Instruction& i);
    [[nodiscard]] CodeReason call_function(const Instruction& i);
    [[nodiscard]] CodeReason exit_step();
    [[nodiscard]] CodeReason check(const Access& access) const;
    [[nodiscard]] CodeReason load_from(const Access& access, Value& value) const;
    [[nodiscard]] CodeReason store_to(const Access& access, const Value& value);
    void learn_length(const Instruction& i, bool taken);
    [[nodiscard]] CodeReason comparable(const Instruction& i, Value& a, Value& b) const;

    Program program_;
    const Contract& contract_;
    std::span<const Note> notes_;
    State& state_;
    bool ended_ = false;
};

}  // namespace kernel::code::verify
