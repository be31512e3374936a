#include "libos/rt/environment.hpp"

namespace libos::rt {

namespace {

using kernel::abi::EnvInfo;
using kernel::abi::EnvState;
using kernel::abi::Upcall;

constexpr std::uint64_t heap_pages_first = 4;

std::string_view arguments_of(const InfoWindow& info, std::uint32_t record) {
    const kernel::abi::EnvRecord* own = info.env_record(record);
    return own == nullptr ? std::string_view{} : info.arguments(*own);
}

}  // namespace

Environment::Environment(const kernel::abi::StartBlock& start, const Declaration& declaration)
    : start_{start},
      declaration_{declaration},
      info_{start.info},
      space_{start.space_base, start.first_free_slot,
             static_cast<std::uint32_t>(start.table_frames) *
                 kernel::abi::table_slots_per_frame},
      heap_{Space::grow_heap, &space_},
      upcalls_{*this},
      arguments_{arguments_of(info_, start.env_record), declaration} {}

// The stack's frames are the last ones the creator put into the table.
void Environment::adopt_stack() {
    const std::uint64_t first = start_.first_free_slot - kernel::abi::stack_pages;
    for (std::uint64_t i = 0; i < kernel::abi::stack_pages; ++i) {
        const Slot slot{static_cast<std::uint32_t>(first + i)};
        space_.guarantee(slot);
        space_.adopt(slot, VirtAddr{start_.space_base + kernel::abi::stack_offset +
                                    i * kernel::abi::page_size});
    }
}

void Environment::begin() {
    adopt_stack();
    must(upcalls_.begin(space_, info_.system().xsave != 0), "mapping the upcall page and stack");
    void* first = heap_.allocate(heap_pages_first * kernel::abi::page_size - 64);
    if (first == nullptr) panic("no memory for the heap");
    heap_.free(first);
    announce();
    check_arguments();
}

// The testbed names environments by this line.
void Environment::announce() {
    if (record() == nullptr) return;
    JsonLine line;
    line.add("env", InfoWindow::name_of(record()->name));
    report(line);
}

void Environment::check_arguments() {
    const auto problem = arguments_.check();
    if (!problem) return;
    say(declaration_.name, ": argument ", problem->name, "=", problem->value, ": expected ",
        problem->expected);
    exit(exit_bad_arguments);
}

kernel::abi::EnvId Environment::id() {
    const auto account = calls::cap_identify(kernel::abi::slot_account);
    if (!account.has_value()) return kernel::abi::no_env;
    for (std::uint16_t i = 1; i < kernel::abi::environments_max; ++i) {
        const EnvInfo& other = info_.env(kernel::abi::EnvId{i});
        if (other.state != EnvState::none && other.account == account->object) {
            return kernel::abi::EnvId{i};
        }
    }
    return kernel::abi::no_env;
}

const EnvInfo& Environment::own_info() { return info_.env(id()); }

std::span<const std::byte> Environment::module(std::string_view argument) const {
    if (record() == nullptr) return {};
    return info_.module(*record(), static_cast<std::uint32_t>(arguments_.integer(argument)));
}

void Environment::write(kernel::abi::Channel channel, std::string_view bytes) {
    // Through the stack: what is printed may be a constant of the program's text.
    constexpr std::size_t part_max = kernel::abi::console_bytes_max;
    char copy[part_max];
    while (!bytes.empty()) {
        const std::size_t part = bytes.size() < part_max ? bytes.size() : part_max;
        __builtin_memcpy(copy, bytes.data(), part);
        const auto done =
            calls::console_write(kernel::abi::slot_console, channel, copy, part);
        if (!done.has_value()) return;  // no console: nothing to say it on
        bytes.remove_prefix(part);
    }
}

void Environment::print(std::string_view text) { write(kernel::abi::Channel::text, text); }

void Environment::report(JsonLine& line) {
    const std::string_view bytes = line.finish();
    CHITIN_ASSERT(!line.full());
    write(kernel::abi::Channel::result, bytes);
}

void Environment::compute(Nanoseconds span) {
    std::uint64_t left = span.value;
    while (left > 0) {
        const std::uint64_t part = std::min(left, kernel::abi::compute_ns_max);
        const auto rest = calls::compute(Nanoseconds{part});
        left -= part - rest.value_or(0);
    }
}

void Environment::fail(std::string_view what, Status status) {
    panic(what, ": ", status_name(status));
}

void Environment::unhandled(const UpcallData& data) {
    if (data.kind == Upcall::page_fault) {
        panic("page fault at window+0x", Text{}.add(info_.relative(data.address), 16).view(),
              ", error ", data.error);
    }
    if (data.kind == Upcall::exception) {
        panic("exception ", data.error & 0xff, ", error ", data.error >> 32);
    }
    // Repossession without a pager: the next access to what is gone faults and says so.
    if (data.kind == Upcall::repossession) upcalls_.page().repossessed_count = 0;
}

std::string_view status_name(Status status) {
    constexpr std::string_view names[] = {
        "ok",          "again",          "bad call",       "bad slot",      "empty slot",
        "occupied slot", "wrong type",   "no right",       "bad argument",  "misaligned",
        "bad address", "no table",       "already mapped", "not mapped",    "frame taken",
        "no frames",   "over limit",     "over guarantee", "busy",          "bad state",
        "no environments", "no executable writes", "slice taken", "no slices",
        "callee gone", "other core", "io error", "extent taken", "no extents", "no such extent",
        "code refused", "tree damaged", "ownership refused", "block taken", "no blocks",
        "not cached"};
    static_assert(sizeof names / sizeof names[0] ==
                  static_cast<std::size_t>(Status::status_count));
    const auto index = static_cast<std::size_t>(status);
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown status";
}

}  // namespace libos::rt
