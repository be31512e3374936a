#include "tests/fuzz/listing.hpp"

#include <fmt/format.h>

#include "scenarios/programs/sequence_words.hpp"
#include "tests/fuzz/onlooker.hpp"

namespace tests::fuzz {

namespace {

using namespace scenarios::sequence;

std::string slot_text(unsigned byte) {
    constexpr const char* names[] = {"upcall page", "stack top", "leaf table", "peer"};
    if (byte < slot_named_first || byte >= slot_beyond_first) {
        return fmt::format("slot {:#x}", slot_word(byte, {}));
    }
    const unsigned name = byte - slot_named_first;
    if (name < named_account) return fmt::format("child {}", name);
    if (name < named_page) return fmt::format("account of child {}", name - named_account);
    return names[name - named_page];
}

std::string address_text(unsigned byte) {
    constexpr const char* pages[] = {"upcall page", "scratch page", "upcall stack", "heap",
                                     "system info", "frame info", "bundle", "environment info"};
    if (byte < 64) return fmt::format("page {}", byte);
    if (byte < 96) return fmt::format("page {} + 2 MiB", byte - 64);
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

std::string argument_text(Kind kind, unsigned byte) {
    const Ground none{};
    switch (kind) {
        case Kind::slot:
        case Kind::place: return slot_text(byte);
        case Kind::address: return address_text(byte);
        case Kind::rights: return fmt::format("rights {:#x}", rights_word(byte));
        case Kind::frame:
            return byte < 64 ? "any frame" : fmt::format("frame named by {}", byte);
        case Kind::instant: return instant_text(byte);
        case Kind::span: return fmt::format("{} ns", span_word(byte));
        case Kind::entry: return fmt::format("entry {}", byte % 4);
        default: return fmt::format("{:#x}", word_of(kind, byte, 0, none));
    }
}

std::string operation_text(const Step& step) {
    constexpr const char* names[] = {"no_such_call", "read_memory", "write_memory", "illegal",
                                     "spawn",        "write_page",  "interfere"};
    static_assert(std::size(names) == operation_count - call_count);
    return step.operation < call_count ? kernel::abi::call_names[step.operation]
                                       : names[step.operation - call_count];
}

std::string arguments_text(const Step& step) {
    if (step.operation == interfere) {
        const auto& kinds = sim::explore::kind_names;
        return fmt::format("{}, after {}, {} ns", kinds[step.argument[0] % kinds_without_disk],
                           step.argument[1], span_word(step.argument[2]));
    }
    std::string text;
    for (unsigned i = 0; i < arguments_max; ++i) {
        const Kind kind = shapes::all[step.operation].kind[i];
        if (kind == Kind::none) continue;
        if (!text.empty()) text += ", ";
        text += argument_text(kind, step.argument[i]);
    }
    return text;
}

}  // namespace

std::string listing_of(std::span<const std::uint8_t> sequence) {
    const Plan plan = plan_of(sequence);
    std::string text = fmt::format("plan: {} cores, children {:#b}{}{}{}, slices of {} ns\n",
                                   plan.cores, plan.children, plan.trusted ? ", trusted" : "",
                                   plan.guarantee ? ", guarantees" : "",
                                   plan.bare ? ", no leaf table" : "", plan.slice_ns);
    for (std::size_t i = 0; i < count_of(sequence); ++i) {
        const Step step = step_of(sequence, i);
        text += fmt::format("{:3} actor {}: {}{}({})", i, step.actor,
                            step.in_upcall ? "in an upcall: " : "", operation_text(step),
                            arguments_text(step));
        if (step.times > 1) text += fmt::format(", {} times", step.times);
        if (step.once) text += ", once";
        if (step.yields) text += ", then yields";
        text += '\n';
    }
    return text;
}

}  // namespace tests::fuzz
