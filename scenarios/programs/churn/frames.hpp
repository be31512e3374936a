// Frames of churn: allocated, by name too, mapped here and there, protected, written and freed;
// what is read from them is what was last written.
#pragma once

#include "libos/load/random.hpp"
#include "scenarios/programs/churn/words.hpp"

namespace scenarios::churn {

class Frames {
public:
    static constexpr std::uint32_t count = 8;

    explicit Frames(Environment& env) : env_{env}, region_{env.space().reserve(2 * count)} {
        env.must(env.space().install_leaf(region_), "a page table");
    }

    void step(libos::load::Random& random) {
        const auto at = static_cast<std::uint32_t>(random.below(count));
        Page& page = pages_[at];
        if (!page.held) return take(page, at, random);
        check(page);
        switch (random.below(6)) {
            case 0: return give(page);
            case 1: return move(page, at);
            case 2: return protect(page, false);
            case 3: return protect(page, true);
            case 4: return derive(page);
            default: return write(page, random.draw() >> 2);
        }
    }
    void give_all() {
        for (Page& page : pages_) {
            if (page.held) give(page);
        }
    }

private:
    struct Page {
        bool held = false;
        bool writable = false;
        bool second = false;  // of the two places that it may be mapped at
        Slot slot{};
        Word word = 0;
    };

    VirtAddr place(std::uint32_t at, bool second) const {
        return VirtAddr{region_.value + (2 * at + (second ? 1 : 0)) * page_size};
    }
    volatile Word* words(const Page& page) {
        const auto at = static_cast<std::uint32_t>(&page - pages_);
        return reinterpret_cast<volatile Word*>(place(at, page.second).value);
    }
    static constexpr std::size_t last = page_size / sizeof(Word) - 1;

    void take(Page& page, std::uint32_t at, libos::load::Random& random) {
        FrameNumber name = kernel::abi::any_frame;
        if (random.below(2) == 0) {
            const auto& system = env_.info().system();
            const auto offset = static_cast<std::uint32_t>(random.below(system.pool_frames));
            name = FrameNumber{system.pool_first.value + offset};
        }
        const Slot slot = env_.must(env_.space().take_slot(), "a slot");
        const auto got = calls::frame_allocate(kernel::abi::slot_account, slot, name);
        if (!got.has_value()) {
            env_.space().give_slot(slot);
            if (got.error() != Status::frame_taken) env_.must(got, "a frame");
            return;
        }
        if (name != kernel::abi::any_frame && *got != name) {
            violation(env_, "a frame came that was not asked for");
        }
        page = {.held = true, .writable = true, .second = false, .slot = slot, .word = 0};
        env_.must(env_.space().map(slot, place(at, false), read_write), "mapping");
        if (words(page)[0] != 0 || words(page)[last] != 0) {
            violation(env_, "a new frame holds what somebody left in it");
        }
        write(page, random.draw() >> 2);
    }

    void check(const Page& page) {
        if (words(page)[0] != page.word || words(page)[last] != page.word) {
            violation(env_, "a frame lost what was written to it");
        }
    }
    void write(Page& page, Word word) {
        if (!page.writable) return;
        page.word = word;
        words(page)[0] = word;
        words(page)[last] = word;
    }
    void protect(Page& page, bool writable) {
        const Rights rights = writable ? read_write : Rights::read;
        env_.must(calls::protect(page.slot, rights), "protecting");
        page.writable = writable;
    }
    void move(Page& page, std::uint32_t at) {
        env_.must(calls::unmap(page.slot, 0), "unmapping");
        page.second = !page.second;
        const Rights rights = page.writable ? read_write : Rights::read;
        env_.must(env_.space().map(page.slot, place(at, page.second), rights), "mapping again");
    }
    // A child, and one of that; gone with a revocation.
    void derive(const Page& page) {
        const Slot child = env_.must(env_.space().take_slot(), "a slot");
        const Slot grandchild = env_.must(env_.space().take_slot(), "a slot");
        env_.must(calls::cap_derive(page.slot, child, read_write | Rights::grant), "deriving");
        env_.must(calls::cap_derive(child, grandchild, Rights::read), "deriving from a child");
        env_.must(calls::cap_revoke(page.slot), "revoking");
        for (const Slot slot : {child, grandchild}) {
            if (env_.must(calls::cap_identify(slot), "identifying").type != CapType::none) {
                violation(env_, "a capability outlived its revocation");
            }
            env_.space().give_slot(slot);
        }
    }
    void give(Page& page) {
        env_.space().release(page.slot);
        page = {};
    }

    Environment& env_;
    VirtAddr region_;
    Page pages_[count];
};

}  // namespace scenarios::churn
