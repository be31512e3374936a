// Interface: typed protected control transfer. What may be asked of a server, as C++ types.
//
//     struct Add { using Reply = Total; std::uint64_t amount; };
//     using Counter = libos::ipc::Interface<Add, Reset>;
//
//     Counter::call(env, server, Add{3})                     -> Result<Total>
//     Counter::serve(env, deadline, overloaded{[](EnvId, const Add&) { return Total{..}; }, ...})
//
// A request travels in registers: its number in the interface, then its bytes. There is nothing
// to serialise and nothing to write twice: that a request fits, that each has an answer of its
// own Reply type, and that a client asks only what the interface has, is checked at compile time.
//
// Invariants: messages are trivially copyable and at most bytes_max; what a client sends is an
// allegation: an unknown number is answered with `refused`, and the handlers check the rest.
#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>

#include "libos/rt/environment.hpp"

namespace libos::ipc {

using kernel::abi::EnvId;
using kernel::abi::Instant;
using kernel::abi::Status;
using kernel::base::Result;
using rt::Slot;

inline constexpr std::size_t bytes_max = (kernel::abi::transfer_words - 1) * 8;

template <class M>
concept Message = std::is_trivially_copyable_v<M> && sizeof(M) <= bytes_max;

template <class R>
concept Request = Message<R> && Message<typename R::Reply>;

// One handler out of several, by overload.
template <class... Handler>
struct Overloaded : Handler... {
    using Handler::operator()...;
};
template <class... Handler>
Overloaded(Handler...) -> Overloaded<Handler...>;

template <Request... R>
class Interface {
    using Words = rt::calls::Words;

public:
    // Calls the environment in `server`. Errors: as transfer_call; bad_argument where the server
    // does not know the request.
    template <class Q>
        requires(std::is_same_v<Q, R> || ...)
    static Result<typename Q::Reply> call(rt::Environment& env, Slot server, const Q& request) {
        Words words = {};
        pack(words, number_of<Q>(), request);
        TRY(rt::calls::transfer_call(server, words));
        const Words& answer = received(env, words);
        if (answer[0] != accepted) return kernel::base::error(Status::bad_argument);
        return unpack<typename Q::Reply>(answer);
    }

    // As call, again after `pause` while the server has not come round to waiting. Panics on any
    // other error.
    template <class Q>
        requires(std::is_same_v<Q, R> || ...)
    static typename Q::Reply ask(rt::Environment& env, Slot server, const Q& request,
                                 kernel::abi::Nanoseconds pause) {
        for (;;) {
            const auto done = call(env, server, request);
            if (done.has_value()) return *done;
            if (done.error() != Status::busy) env.must(done, "asking another environment");
            env.compute(pause);
        }
    }

    // A server's answers, one after another. `handler(caller, request)` returns request's Reply.
    template <class Handler>
    class Server {
    public:
        static_assert((std::is_invocable_r_v<typename R::Reply, Handler&, EnvId, const R&> && ...),
                      "the handler must answer every request with its Reply");

        Server(rt::Environment& env, Handler handler) : env_{env}, handler_{handler} {}

        // Sends the last answer, and waits for the next call until `deadline`. True: one came, and
        // its answer goes out with the next turn. False: the deadline, an upcall, or a wake.
        bool turn(Instant deadline) {
            const auto caller = rt::calls::transfer_wait(deadline, answer_);
            if (!caller.has_value() || *caller == kernel::abi::no_env) return false;
            Words words;
            received(env_, words);
            answer_[0] = refused;
            static_cast<void>((answer<R>(*caller, words) || ...));
            return true;
        }

    private:
        template <class Q>
        bool answer(EnvId caller, const Words& words) {
            if (words[0] != number_of<Q>()) return false;
            pack(answer_, accepted, handler_(caller, unpack<Q>(words)));
            return true;
        }

        rt::Environment& env_;
        Handler handler_;
        Words answer_ = {};
    };

private:
    static constexpr std::uint64_t refused = 0;
    static constexpr std::uint64_t accepted = 1;

    template <class Q>
    static constexpr std::uint64_t number_of() {
        std::uint64_t number = 0;
        static_cast<void>(((++number, std::is_same_v<Q, R>) || ...));
        return number;
    }
    template <class M>
    static void pack(Words& words, std::uint64_t first, const M& message) {
        words[0] = first;
        // An empty message still has a byte, whose value nothing says.
        if constexpr (!std::is_empty_v<M>) std::memcpy(words + 1, &message, sizeof message);
    }
    template <class M>
    static M unpack(const Words& words) {
        M message;
        if constexpr (!std::is_empty_v<M>) std::memcpy(&message, words + 1, sizeof message);
        return message;
    }
    // Copies what came out of the upcall page, where the next transfer would overwrite it.
    static const Words& received(rt::Environment& env, Words& to) {
        for (unsigned i = 0; i < kernel::abi::transfer_words; ++i) {
            to[i] = env.upcalls().page().message[i];
        }
        return to;
    }
};

}  // namespace libos::ipc
