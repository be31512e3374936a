// Part of sequence: memory that may not be there, touched so that a fault ends the access and not
// the program.
//
// While an access is under way rbx says where to go on behind it, and its fault's upcall does.
#pragma once

#include <span>

#include "kernel/abi/upcall.hpp"
#include "scenarios/programs/sequence_words.hpp"

namespace scenarios::sequence {

class Touch {
public:
    explicit Touch(const Ground& ground) : ground_{ground} {}

    // One byte, of any address in the window but slot 0 of it, which may be the machine's own, or
    // of one that nobody can have. The own stack is not written to.
    void byte(Word address, bool write, Word value);
    void illegal();
    // Of what is reserved for steps, and of other environments' memory. A fault is the end of it:
    // load then says false, and of a store the rest is left out.
    bool load(Word address, Word& into);
    void store(Word address, std::span<const Word> words);

    // For the upcall of a fault: was it one of these? Then it goes on behind.
    bool resume(volatile kernel::abi::UpcallPage& page) {
        if (!touching_) return false;
        touching_ = false;
        page.saved.rip = page.saved.rbx;
        return true;
    }

private:
    bool touchable(Word address, bool write) const;
    bool storable(Word address) const;

    const Ground& ground_;
    bool touching_ = false;
};

inline bool Touch::touchable(Word address, bool write) const {
    if (address >= Word{1} << 47) return true;
    const Word first = ground_.window + kernel::abi::space_slot_size;
    const Word end = ground_.window + kernel::abi::window_size;
    const bool stack = address >= ground_.base + kernel::abi::stack_offset &&
                       address < ground_.stack_top;
    return address >= first && address < end && !(write && stack);
}

// Whole words over the runtime's pages would send it anywhere.
inline bool Touch::storable(Word address) const {
    const bool runtime = address >= ground_.base && address < ground_.disk_pages;
    return address % sizeof(Word) == 0 && touchable(address, true) && !runtime;
}

inline void Touch::byte(Word address, bool write, Word value) {
    if (!touchable(address, write)) return;
    touching_ = true;
    if (write) {
        asm volatile("lea 1f(%%rip), %%rbx\n mov %%cl, (%%rax)\n1:"
                     : : "a"(address), "c"(value) : "rbx", "memory");
    } else {
        asm volatile("lea 1f(%%rip), %%rbx\n mov (%%rax), %%cl\n1:"
                     : : "a"(address) : "rbx", "rcx", "memory");
    }
    touching_ = false;
}

inline void Touch::illegal() {
    touching_ = true;
    asm volatile("lea 1f(%%rip), %%rbx\n ud2\n1:" : : : "rbx", "memory");
    touching_ = false;
}

inline bool Touch::load(Word address, Word& into) {
    Word well = 0;
    if (!storable(address)) return false;
    touching_ = true;
    asm volatile("lea 1f(%%rip), %%rbx\n mov (%%rax), %%rcx\n mov $1, %%edx\n1:"
                 : "+c"(into), "+d"(well) : "a"(address) : "rbx", "memory");
    touching_ = false;
    return well != 0;
}

inline void Touch::store(Word address, std::span<const Word> words) {
    for (const Word word : words) {
        Word well = 0;
        if (!storable(address)) return;
        touching_ = true;
        asm volatile("lea 1f(%%rip), %%rbx\n mov %%rcx, (%%rax)\n mov $1, %%edx\n1:"
                     : "+d"(well) : "a"(address), "c"(word) : "rbx", "memory");
        touching_ = false;
        if (well == 0) return;
        address += sizeof(Word);
    }
}

}  // namespace scenarios::sequence
