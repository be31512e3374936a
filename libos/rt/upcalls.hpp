// Upcalls: the environment's registered vector, its handlers, and waiting.
//
// Why masking matters: while upcalls are masked none is delivered and none is lost; they wait
// in the page's `pending` word. wait() masks, looks at its condition, and parks: the kernel does
// not park an environment that has something pending, so no wake-up can fall between.
//
// Invariants: a handler runs with upcalls masked, on the upcall stack or inside wait(); memory
// it touches is mapped, because a fault while masked ends the environment.
#pragma once

#include "libos/rt/calls.hpp"
#include "libos/rt/site.hpp"
#include "libos/rt/space.hpp"
#include "kernel/abi/upcall.hpp"

namespace libos::rt {

class Environment;

// What an upcall says: kernel/abi/upcall.hpp, Upcall.
struct UpcallData {
    kernel::abi::Upcall kind;
    std::uint64_t address;
    std::uint64_t error;
};

// True: dealt with. False: the next handler's, or the runtime's own reaction.
using UpcallHandler = bool (*)(void* cookie, const UpcallData& data);

class Upcalls {
public:
    static constexpr unsigned handlers_max = 8;
    static constexpr std::uint64_t stack_pages = 16;

    explicit Upcalls(Environment& environment) : environment_{environment} {}

    // Maps page and stack, and registers them. Errors: as map_new and env_vector.
    Result<void> begin(Space& space, bool xsave);

    // `handler` is asked before those added earlier. At most handlers_max (asserted).
    void add(UpcallHandler handler, void* cookie);
    void remove(void* cookie);

    void mask() { page_->masked = 1; }
    void unmask();
    bool masked() const { return page_->masked != 0; }
    // Deals with what is pending. Only while masked.
    void deliver_pending();
    void deliver(const UpcallData& data);

    // Waits until `condition()` holds (true) or the deadline passes (false).
    template <class Condition>
    bool wait(Instant deadline, Condition&& condition) {
        mask();
        bool held = condition();
        while (!held && calls::now() < deadline) {
            if (disturbed(LibosSite::idle_wait) == 0) static_cast<void>(calls::park(deadline));
            deliver_pending();
            held = condition();
        }
        unmask();
        return held;
    }

    volatile kernel::abi::UpcallPage& page() { return *page_; }
    Slot slot() const { return slot_; }  // the page's

private:
    struct Entry {
        UpcallHandler handler;
        void* cookie;
    };

    UpcallData pending_data(kernel::abi::Upcall kind) const;

    Environment& environment_;
    volatile kernel::abi::UpcallPage* page_ = nullptr;
    Slot slot_{};
    Entry entries_[handlers_max] = {};
    unsigned count_ = 0;
};

// Upcalls stay masked while it lives, unless they already were.
class Masked {
public:
    explicit Masked(Upcalls& upcalls) : upcalls_{upcalls}, were_{upcalls.masked()} {
        upcalls_.mask();
    }
    ~Masked() {
        if (!were_) upcalls_.unmask();
    }
    Masked(const Masked&) = delete;
    Masked& operator=(const Masked&) = delete;

private:
    Upcalls& upcalls_;
    bool were_;
};

}  // namespace libos::rt
