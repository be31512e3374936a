// The console call: printing bytes of the caller's memory.
#include <string_view>

#include "kernel/env/record.hpp"
#include "kernel/syscall/call.hpp"

namespace kernel::syscall {

namespace {

std::uint64_t hash_of(const char* bytes, std::uint64_t size) {
    std::uint64_t hash = trace::history_seed;
    for (std::uint64_t i = 0; i < size; ++i) {
        hash = trace::mix(hash, static_cast<unsigned char>(bytes[i]));
    }
    return hash;
}

}  // namespace

Value console_write(System& system, Env& caller, const Arguments& arguments) {
    TRY(env::find(system, caller, arguments.slot(0), CapType::console, Rights::write));
    if (arguments.word(1) >= static_cast<std::uint64_t>(abi::Channel::channel_count)) {
        return base::error(Status::bad_argument);
    }
    const auto channel = static_cast<abi::Channel>(arguments.word(1));
    const std::uint64_t size = arguments.word(3);
    if (size < 1 || size > abi::console_bytes_max) return base::error(Status::bad_argument);
    char bytes[abi::console_bytes_max];
    TRY(copy_in(system, caller, arguments.word(2), bytes, size));

    system.core.print(caller.id, channel, std::string_view{bytes, size});
    const std::uint64_t words[] = {size, hash_of(bytes, size)};
    env::record(system, caller, abi::EventKind::console, static_cast<std::uint8_t>(channel),
                Status::ok, words, 2);
    return 0;
}

}  // namespace kernel::syscall
