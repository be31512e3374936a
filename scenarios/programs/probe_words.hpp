// The words of a kernel call as the probes write them, and the names they share.
#pragma once

#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"

namespace scenarios::probe_words {

using kernel::abi::page_size;
using kernel::abi::Upcall;
using libos::rt::Call;
using libos::rt::CapType;
using libos::rt::Environment;
using libos::rt::Instant;
using libos::rt::Rights;
using libos::rt::Slot;
using libos::rt::Status;
using libos::rt::VirtAddr;
using Word = std::uint64_t;
namespace calls = libos::rt::calls;

constexpr Word all_ones = ~Word{0};
constexpr Word word_of(Rights rights) { return static_cast<Word>(rights); }
constexpr Word read = word_of(Rights::read);
constexpr Word read_write = word_of(Rights::read | Rights::write);

// One call's six words; what a check changes is one of them.
struct Words {
    Word word[6] = {};
    Words with(unsigned index, Word value) const {
        Words other = *this;
        other.word[index] = value;
        return other;
    }
};

}  // namespace scenarios::probe_words
