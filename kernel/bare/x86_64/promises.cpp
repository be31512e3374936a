#include "kernel/bare/x86_64/promises.hpp"

#include <cstring>

namespace kernel::bare {
namespace {

constexpr unsigned changes_bits = 16;
constexpr std::uint64_t ended = (std::uint64_t{1} << (64 - changes_bits)) - 1;
constexpr std::uint64_t nothing = ended - 1;  // abi::never: nothing to do, but for messages

constexpr std::uint64_t nobody_goes = ~std::uint64_t{0};  // a horizon: nothing will come at all

// How often a core looks before it halts: an interrupt and its way cost more than this, and
// an emulator's cores may have to share one of the host's.
constexpr std::uint32_t looks_max = 64;

constexpr std::uint64_t time_of(std::uint64_t word) { return word >> changes_bits; }

// The word behind `word`, with another time.
constexpr std::uint64_t next_word(std::uint64_t word, std::uint64_t time) {
    constexpr std::uint64_t changes_mask = (std::uint64_t{1} << changes_bits) - 1;
    return time << changes_bits | ((word + 1) & changes_mask);
}

constexpr std::uint64_t time_of(abi::Instant instant) {
    return instant.value < nothing ? instant.value : nothing;
}

}  // namespace

constinit Promises promises{};

// Core 0 may go too when no core has anything to do.
bool Promises::may_go(const View& view) { return view.horizon > time_of(view.word); }

Promises::View Promises::look_at(std::uint32_t core) const {
    std::uint64_t words[abi::cores_max];
    std::uint64_t least;  // of the others' times
    std::uint32_t same;
    do {  // again only if another core got on meanwhile
        least = ended;
        for (std::uint32_t i = 0; i < cores_; ++i) {
            words[i] = lines_[i].word.load();
            if (i != core && time_of(words[i]) < least) least = time_of(words[i]);
        }
        for (same = 0; same < cores_ && lines_[same].word.load() == words[same];) ++same;
    } while (same < cores_);
    const std::uint64_t own = time_of(words[core]);
    std::uint64_t horizon = least + latency_;
    if (horizon > own + 2 * latency_) horizon = own + 2 * latency_;
    if (own == nothing && least >= nothing) horizon = core == 0 ? nobody_goes : 0;
    return View{words[core], horizon};
}

void Promises::begin(std::uint32_t cores, std::uint64_t latency) {
    cores_ = cores;
    latency_ = latency == 0 ? 1 : latency;
    std::memset(static_cast<void*>(lines_), 0, sizeof lines_);
}

abi::Instant Promises::synchronise(std::uint32_t self, abi::Instant next) {
    Line& own = lines_[self];
    // If a message came since the owner last went on, it has not looked for that one yet: the
    // word stays as it is, which it may go on with.
    std::uint64_t seen = own.seen;
    if (own.word.compare_exchange_strong(seen, next_word(seen, time_of(next)))) wake_others();
    for (std::uint32_t looks = 0;; ++looks) {
        const View view = look_at(self);
        if (may_go(view)) {
            own.waiting.store(0);
            own.seen = view.word;
            if (view.horizon == nobody_goes) {  // nor before what this core does next
                own.seen = next_word(view.word, 0);
                own.word.store(own.seen);
            }
            return view.horizon >= nothing ? abi::never : abi::Instant{view.horizon};
        }
        if (looks < looks_max) {
            __builtin_ia32_pause();
        } else if (own.waiting.exchange(1) != 0) {  // else look once more
            wait_for_wake();
        }
    }
}

std::uint64_t Promises::notified(std::uint32_t self) {
    std::atomic<std::uint64_t>& senders = lines_[self].senders;
    return senders.load() == 0 ? 0 : senders.exchange(0);
}

void Promises::notify(std::uint32_t self, std::uint32_t target, abi::Instant arrival) {
    Line& line = lines_[target];
    line.senders.fetch_or(std::uint64_t{1} << self);
    std::uint64_t word = line.word.load();
    std::uint64_t time;
    do {
        time = time_of(word);
        if (time == ended) return;
        if (time_of(arrival) < time) time = time_of(arrival);
    } while (!line.word.compare_exchange_weak(word, next_word(word, time)));
    wake_others();
}

void Promises::end(std::uint32_t self) {
    lines_[self].word.fetch_or(ended << changes_bits);  // which is the latest time
    wake_others();
}

// Interrupts the cores that wait and may go.
void Promises::wake_others() {
    for (std::uint32_t core = 0; core < cores_; ++core) {
        std::atomic<std::uint32_t>& waiting = lines_[core].waiting;
        if (waiting.load() != 0 && may_go(look_at(core)) && waiting.exchange(0) != 0) {
            wake_core(core);
        }
    }
}

}  // namespace kernel::bare
