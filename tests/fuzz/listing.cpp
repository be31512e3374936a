#include "tests/fuzz/listing.hpp"

#include <fmt/format.h>

#include "scenarios/programs/sequence_words.hpp"
#include "tests/fuzz/onlooker.hpp"

namespace tests::fuzz {

namespace {

using namespace scenarios::sequence;

std::string slot_text(unsigned byte, const Ground& ground) {
    constexpr const char* names[] = {"upcall page", "stack top", "leaf table", "peer"};
    constexpr const char* ready[] = {"ring", "buffer 1", "buffer 2", "buffer 3"};
    static_assert(std::size(ready) == disk_pages_max);
    if (ground.disk && byte >= slot_disk_first && byte < slot_wild_first) {
        return ready[byte - slot_disk_first];
    }
    if (byte < slot_named_first || byte >= slot_beyond_first) {
        return fmt::format("slot {:#x}", slot_word(byte, {}));
    }
    const unsigned name = byte - slot_named_first;
    if (name < named_account) return fmt::format("child {}", name);
    if (name < named_page) return fmt::format("account of child {}", name - named_account);
    return names[name - named_page];
}

std::string address_text(unsigned byte, const Ground& ground) {
    constexpr const char* pages[] = {"upcall page", "scratch page", "upcall stack", "heap",
                                     "system info", "frame info", "bundle", "environment info"};
    if (byte < 64) return fmt::format("page {}", byte);
    if (byte < 96) return fmt::format("page {} + 2 MiB", byte - 64);
    if (ground.disk && byte >= address_disk_first && byte < 112) {
        return fmt::format("disk page {}", byte - address_disk_first);
    }
    if (byte < 112) return fmt::format("page {} + 1 GiB", byte - 96);
    if (byte < 120) return fmt::format("stack top - {} pages", byte - 111);
    if (byte < 128) return pages[byte - 120];
    if (byte < 160) {
        return fmt::format("page {} + {}", (byte - 128) / 4, address_word(byte, {}) % page_size);
    }
    if (byte < 192) return fmt::format("space slot {}", (byte - 160) * 4);
    return fmt::format("wild address {}", (byte - 192) % 11);
}

std::string instant_text(unsigned byte) {
    if (byte == 0) return "instant 0";
    return byte >= 254 ? "never" : fmt::format("now + {} ns", span_word(byte));
}

std::string request_text(unsigned byte) {
    constexpr const char* names[] = {"read", "write", "flush", "write_fua"};
    static_assert(std::size(names) == static_cast<std::size_t>(kernel::abi::DiskOp::op_count));
    const auto op = word_of(Kind::request, byte, 0, {});
    return op < std::size(names) ? names[op] : fmt::format("request {}", op);
}

std::string function_text(unsigned byte) {
    constexpr const char* names[] = {"entries", "pointers", "runs", "never", "endless"};
    static_assert(std::size(names) == static_cast<std::size_t>(Function::count));
    return names[word_of(Kind::function, byte, 0, {})];
}

std::string argument_text(Kind kind, unsigned byte, const Ground& ground) {
    switch (kind) {
        case Kind::slot:
        case Kind::place: return slot_text(byte, ground);
        case Kind::page:
        case Kind::address: return address_text(byte, ground);
        case Kind::request: return request_text(byte);
        case Kind::function: return function_text(byte);
        case Kind::block:
            return block_word(byte) == kernel::abi::any_block
                       ? "any block"
                       : fmt::format("block {}", block_word(byte));
        case Kind::rights: return fmt::format("rights {:#x}", rights_word(byte));
        case Kind::frame:
            return byte < 64 ? "any frame" : fmt::format("frame named by {}", byte);
        case Kind::instant: return instant_text(byte);
        case Kind::span: return fmt::format("{} ns", span_word(byte));
        case Kind::entry: return fmt::format("entry {}", byte % 4);
        default: return fmt::format("{:#x}", word_of(kind, byte, 0, ground));
    }
}

std::string operation_text(const Step& step) {
    constexpr const char* names[] = {"no_such_call", "read_memory", "write_memory", "illegal",
                                     "spawn",        "write_page",  "interfere"};
    constexpr const char* disk_names[] = {"put_request", "await_answers", "load_function",
                                          "take_row",    "write_header",  "write_entry"};
    static_assert(std::size(names) == operations_without_disk - call_count);
    static_assert(std::size(disk_names) == operation_count - put_request);
    if (makes_call(step.operation)) {
        return kernel::abi::call_names[static_cast<unsigned>(call_of(step.operation))];
    }
    return step.operation < disk_call ? names[step.operation - call_count]
                                      : disk_names[step.operation - put_request];
}

std::string arguments_text(const Plan& plan, const Step& step) {
    if (step.operation == interfere) {
        const Wish wish = wish_of(plan, step);
        return fmt::format("{}, after {}, value {}", name_of(wish.kind), wish.after, wish.value);
    }
    Ground ground{};
    ground.disk = plan.disk;
    std::string text;
    for (unsigned i = 0; i < arguments_max; ++i) {
        const Kind kind = shapes::all[step.operation].kind[i];
        if (kind == Kind::none) continue;
        if (!text.empty()) text += ", ";
        text += argument_text(kind, step.argument[i], ground);
    }
    return text;
}

}  // namespace

std::string listing_of(std::span<const std::uint8_t> sequence) {
    const Plan plan = plan_of(sequence);
    constexpr const char* models[] = {", a quick disk", ", an ideal disk", ", an nvme disk",
                                      ", a disk of one channel"};
    static_assert(std::size(models) == static_cast<std::size_t>(DiskModel::count));
    const char* disk = plan.disk ? models[static_cast<std::size_t>(plan.disk_model)] : "";
    std::string text = fmt::format("plan: {} cores, children {:#b}{}{}{}{}, slices of {} ns\n",
                                   plan.cores, plan.children, plan.trusted ? ", trusted" : "",
                                   plan.guarantee ? ", guarantees" : "",
                                   plan.bare ? ", no leaf table" : "", disk, plan.slice_ns);
    for (std::size_t i = 0; i < count_of(sequence); ++i) {
        const Step step = step_of(sequence, i);
        text += fmt::format("{:3} actor {}: {}{}({})", i, step.actor,
                            step.in_upcall ? "in an upcall: " : "", operation_text(step),
                            arguments_text(plan, step));
        if (step.times > 1) text += fmt::format(", {} times", step.times);
        if (step.once) text += ", once";
        if (step.yields) text += ", then yields";
        text += '\n';
    }
    return text;
}

}  // namespace tests::fuzz
