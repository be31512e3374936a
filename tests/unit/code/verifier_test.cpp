// The verifier: what it must accept, what it must refuse, and the bound it proves.
#include <gtest/gtest.h>

#include <fstream>

#include "kernel/code/verify/explorer.hpp"
#include "tests/unit/code/ground.hpp"

namespace tests::code {
namespace {

using namespace kernel::code;
using verify::Verdict;

TEST(CodeVerifier, ConformanceSuiteIsAccepted) {
    const auto vectors = conformance_vectors();
    if (vectors.empty()) GTEST_SKIP() << "skipped: no data";
    for (const Vector& vector : vectors) {
        if (vector.uses_register_call) continue;
        Ground ground{vector.memory};
        const Verdict verdict = ground.verdict(vector.code);
        EXPECT_TRUE(verdict.accepted())
            << vector.name << " at " << verdict.fault.instruction << ": "
            << text_of(verdict.fault.reason);
        const Outcome outcome = ground.checked(vector.code);
        EXPECT_LE(outcome.steps, verdict.steps_max) << vector.name;
    }
}

// Beside Linux (as root, which may read a stack that it never wrote, and learn addresses):
// what it accepts is accepted, or refused for one of these two reasons; results are the same.
TEST(CodeVerifier, LinuxVerdicts) {
    std::ifstream file{data_path("linux-diff-2000.tsv")};
    if (!file) GTEST_SKIP() << "skipped: no data";
    unsigned accepted = 0;
    unsigned stricter = 0;
    unsigned laxer = 0;
    for (std::string line; std::getline(file, line);) {
        const auto fields = fields_of(line, '\t');
        const bool linux_accepts = fields[2] == "accept";
        const Code code = code_of(fields[1]);
        Ground ground{std::vector<std::byte>(64), false};
        const Verdict verdict = ground.verdict(code);
        if (!verdict.accepted()) {
            stricter += linux_accepts ? 1 : 0;
            EXPECT_TRUE(!linux_accepts ||
                        verdict.fault.reason == CodeReason::uninitialised_stack ||
                        verdict.fault.reason == CodeReason::address_as_number)
                << fields[0] << ": " << text_of(verdict.fault.reason);
            continue;
        }
        const Outcome outcome = ground.checked(code);
        EXPECT_EQ(outcome.fault.reason, CodeReason::none) << fields[0];
        EXPECT_LE(outcome.steps, verdict.steps_max) << fields[0];
        ++(linux_accepts ? accepted : laxer);
        if (!linux_accepts) continue;
        EXPECT_EQ(static_cast<std::uint32_t>(outcome.result),
                  std::stoull(fields[3], nullptr, 16))
            << fields[0];
    }
    std::printf("accepted by both %u, by Linux alone %u, by us alone %u\n", accepted, stricter,
                laxer);
    EXPECT_GT(accepted, 10 * stricter);
}

struct Case {
    const char* what;
    Code code;
    CodeFault fault;
};

void expect_verdicts(std::span<const Case> cases, Ground& ground) {
    for (const Case& one : cases) {
        const Verdict verdict = ground.verdict(one.code);
        EXPECT_EQ(verdict.fault.reason, one.fault.reason)
            << one.what << ": " << text_of(verdict.fault.reason) << " at "
            << verdict.fault.instruction;
        EXPECT_EQ(verdict.fault.instruction, one.fault.instruction) << one.what;
    }
}

TEST(CodeVerifier, RegistersAndAddresses) {
    Ground ground{std::vector<std::byte>(16)};
    const Case cases[] = {
        {"r0 unset", {leave()}, {0, CodeReason::uninitialised}},
        {"r3 unset", {copy(0, 3), leave()}, {0, CodeReason::uninitialised}},
        {"unset on one way",
         {jump_if(0x15, 2, 16, 1), mov(3, 1), copy(0, 3), leave()},
         {2, CodeReason::uninitialised}},
        {"address returned", {copy(0, 1), leave()}, {1, CodeReason::address_as_number}},
        {"address times two", {make(0x27, 1, 0, 0, 2), mov(0, 0), leave()},
         {0, CodeReason::address_arithmetic}},
        {"half an address", {make(0xbc, 0, 1, 0, 0), leave()},
         {0, CodeReason::address_as_number}},
        {"distance of two addresses",
         {copy(3, 1), add(3, 5), make(0x1f, 3, 1, 0, 0), copy(0, 3), leave()}, {}},
        {"addresses of two regions compared",
         {mov(0, 0), make(0x1d, 1, 10, 0, 0), leave()}, {1, CodeReason::address_as_number}},
        {"address against a number", {mov(0, 0), jump_if(0x25, 1, 0, 0), leave()},
         {1, CodeReason::address_as_number}},
        {"address against null", {mov(0, 0), jump_if(0x55, 1, 0, 1), copy(0, 9), leave()}, {}},
        {"far away", {make(0x07, 1, 0, 0, 0x7fffffff), mov(0, 0), leave()},
         {0, CodeReason::address_out_of_reach}},
        {"load through a number", {load_byte(0, 2, 0), leave()}, {0, CodeReason::no_address}},
    };
    expect_verdicts(cases, ground);
}

TEST(CodeVerifier, WindowsAndStack) {
    Ground ground{std::vector<std::byte>(16)};
    const Case cases[] = {
        {"last byte", {load_byte(0, 1, 15), leave()}, {}},
        {"behind it", {load_byte(0, 1, 16), leave()}, {0, CodeReason::outside_window}},
        {"before it", {load_byte(0, 1, -1), leave()}, {0, CodeReason::outside_window}},
        {"unknown distance, cut",
         {load_byte(3, 1, 0), make(0x57, 3, 0, 0, 15), add_register(1, 3), load_byte(0, 1, 0),
          leave()},
         {}},
        {"unknown distance, compared",
         {load_byte(3, 1, 0), mov(0, 0), jump_if(0x25, 3, 15, 2), add_register(1, 3),
          load_byte(0, 1, 0), leave()},
         {}},
        {"unknown distance, one too many",
         {load_byte(3, 1, 0), mov(0, 0), jump_if(0x25, 3, 16, 2), add_register(1, 3),
          load_byte(0, 1, 0), leave()},
         {4, CodeReason::outside_window}},
        {"a copy is compared",
         {load_byte(3, 1, 0), mov(0, 0), copy(4, 3), jump_if(0x25, 4, 15, 2),
          add_register(1, 3), load_byte(0, 1, 0), leave()},
         {}},
        {"address stored", {store_word(1, 0, 1), mov(0, 0), leave()},
         {0, CodeReason::address_stored}},
        {"stack unwritten", {load_byte(0, 10, -1), leave()},
         {0, CodeReason::uninitialised_stack}},
        {"stack partly written", {store_byte(10, -1, 2), load(0x69, 0, 10, -2), leave()},
         {1, CodeReason::uninitialised_stack}},
        {"stack left", {store_word(10, -516, 2), mov(0, 0), leave()},
         {0, CodeReason::outside_stack}},
        {"address spilled and back",
         {store_word(10, -8, 1), load_word(3, 10, -8), load_byte(0, 3, 0), leave()}, {}},
        {"address read in part", {store_word(10, -8, 1), load_byte(0, 10, -8), leave()},
         {1, CodeReason::address_as_number}},
        {"address partly overwritten",
         {store_word(10, -8, 1), store_byte(10, -8, 2), load_word(0, 10, -8), leave()},
         {2, CodeReason::uninitialised_stack}},
        {"atomic misaligned", {mov(0, 1), store_word(10, -12, 0), make(0xdb, 10, 0, -12, 0),
          leave()}, {2, CodeReason::misaligned_atomic}},
        {"atomic", {mov(0, 1), store_word(10, -8, 0), make(0xdb, 10, 0, -8, 1), leave()}, {}},
    };
    expect_verdicts(cases, ground);
    Ground constant_ground{std::vector<std::byte>(16), false};
    const Case stores[] = {
        {"read-only", {mov(0, 0), store_byte(1, 0, 0), leave()}, {1, CodeReason::read_only}},
        {"atomic on read-only", {mov(0, 0), make(0xc3, 1, 0, 0, 0), leave()},
         {1, CodeReason::read_only}},
    };
    expect_verdicts(stores, constant_ground);
}

TEST(CodeVerifier, LengthsAreLearned) {
    Ground ground{std::vector<std::byte>(64)};
    ground.rules[0].bytes_min = 0;
    const Case cases[] = {
        {"not compared", {load_byte(0, 1, 0), leave()}, {0, CodeReason::outside_window}},
        {"long enough", {mov(0, 0), jump_if(0xa5, 2, 14, 1), load_byte(0, 1, 13), leave()}, {}},
        {"not so long", {mov(0, 0), jump_if(0xa5, 2, 14, 1), load_byte(0, 1, 14), leave()},
         {2, CodeReason::outside_window}},
        {"a copy's word",
         {mov(0, 0), copy(3, 2), jump_if(0xa5, 3, 14, 1), load_byte(0, 1, 13), leave()}, {}},
        {"a longer number's word",
         {mov(0, 0), add(2, 1), jump_if(0xa5, 2, 14, 1), load_byte(0, 1, 13), leave()},
         {3, CodeReason::outside_window}},
        {"a header of unknown length",
         {mov(0, 0), jump_if(0xa5, 2, 15, 9), load_byte(3, 1, 14), make(0x57, 3, 0, 0, 15),
          make(0x67, 3, 0, 0, 2), copy(4, 3), add(4, 18), make(0x2d, 4, 2, 3, 0),
          add_register(1, 3), load_byte(0, 1, 17), leave(), leave()},
         {}},
        {"a header of unknown length, one too far",
         {mov(0, 0), jump_if(0xa5, 2, 15, 9), load_byte(3, 1, 14), make(0x57, 3, 0, 0, 15),
          make(0x67, 3, 0, 0, 2), copy(4, 3), add(4, 18), make(0x2d, 4, 2, 3, 0),
          add_register(1, 3), load_byte(0, 1, 18), leave(), leave()},
         {9, CodeReason::outside_window}},
        {"two headers of unknown length",
         {mov(0, 0), jump_if(0xa5, 2, 15, 9), load_byte(3, 1, 14), load_byte(5, 1, 13), mov(6, 0),
          copy(4, 3), add(4, 18), make(0x2d, 4, 2, 3, 0), add_register(1, 5), load_byte(0, 1, 17),
          leave(), leave()},
         {9, CodeReason::outside_window}},
        {"a header that may wrap",
         {mov(0, 0), jump_if(0xa5, 2, 16, 9), load_word(3, 1, 0), copy(4, 3), add(4, 18), mov(6, 0),
          mov(7, 0), make(0x2d, 4, 2, 3, 0), add_register(1, 3), load_byte(0, 1, 17), leave(),
          leave()},
         {8, CodeReason::address_out_of_reach}},
        {"forgotten where ways meet",
         {mov(0, 0), jump_if(0xa5, 2, 14, 0), load_byte(0, 1, 13), leave()},
         {2, CodeReason::outside_window}},
    };
    expect_verdicts(cases, ground);
}

// What clang 14 makes (-O2 -target bpf -mcpu=v3) of a filter that steps over IP's header:
//     if (length < 34 || p[12] != 8 || p[13] != 0 || p[23] != 17) return 0;
//     u64 header = (p[14] & 15) * 4;
//     if (length < 14 + header + 4) return 0;
//     return *(const u16*)(p + 14 + header + 2) == 0x3500;
TEST(CodeVerifier, AFilterAsClangWritesIt) {
    Code code = code_of(
        "b700000000000000a50212002200000071130c0000000000560310000800000071130d0000000000"
        "56030e0000000000711317000000000056030c001100000071130e00000000006403000002000000"
        "570300003c000000bf3400000000000007040000120000002d24060000000000070100000e000000"
        "0f310000000000006911020000000000b4000000010000001601010000350000b400000000000000"
        "9500000000000000");
    constexpr std::size_t comparison = 12;  // r4 += 18
    Ground ground{std::vector<std::byte>(1514), false};
    ground.rules[0].bytes_min = 0;
    ASSERT_EQ(code[comparison].imm, 18);
    const Verdict verdict = ground.verdict(code);
    EXPECT_EQ(verdict.fault, CodeFault{}) << text_of(verdict.fault.reason);
    EXPECT_EQ(verdict.steps_max, code.size());
    code[comparison].imm = 17;
    EXPECT_EQ(ground.verdict(code).fault.reason, CodeReason::outside_window);
}

TEST(CodeVerifier, Calls) {
    Ground ground;
    const Case cases[] = {
        {"no such helper", {mov(1, 0), call(6), leave()}, {1, CodeReason::unknown_helper}},
        {"no such helper, where no path leads", {mov(0, 0), jump(1), call(6), leave()},
         {2, CodeReason::unknown_helper}},
        {"argument unset", {mov(1, 0), call(5), call(5), leave()},
         {2, CodeReason::uninitialised}},
        {"address passed", {copy(1, 10), call(5), leave()}, {1, CodeReason::address_as_number}},
        {"scratch lost", {mov(1, 0), call(5), copy(0, 1), leave()},
         {2, CodeReason::uninitialised}},
        {"endless descent", {call_local(-1), leave()}, {0, CodeReason::calls_too_deep}},
        {"the callee's stack returned",
         {call_local(2), mov(0, 0), leave(), copy(0, 10), leave()},
         {4, CodeReason::address_stored}},
        {"the callee's stack kept by the caller",
         {copy(1, 10), call_local(2), mov(0, 0), leave(), store_word(1, -8, 10), mov(0, 0),
          leave()},
         {4, CodeReason::address_stored}},
        {"r6 is the callee's own", {mov(6, 1), call_local(1), leave(), copy(0, 6), leave()},
         {3, CodeReason::uninitialised}},
        {"r6 is kept", {mov(6, 1), call_local(2), copy(0, 6), leave(), mov(6, 2), mov(0, 0),
          leave()}, {}},
        {"the caller's stack written",
         {copy(1, 10), call_local(2), load_word(0, 10, -8), leave(), mov(0, 7),
          store_word(1, -8, 0), leave()},
         {}},
    };
    expect_verdicts(cases, ground);
}

// Two ways meet; what the first leaves must not be taken for what the second does. The first one
// explored is that of a forward jump.
Code meeting(const Code& first, const Code& second, const Code& then) {
    Code code{mov(0, 0), load_byte(3, 1, 0), load_byte(4, 1, 1), load_byte(5, 1, 2)};
    code.push_back(jump_if(0x15, 5, 0, static_cast<std::int16_t>(second.size() + 1)));
    code.insert(code.end(), second.begin(), second.end());
    // Long enough that the state where they meet is kept.
    Code longer = first;
    for (int i = 0; i < 8; ++i) longer.push_back(mov(9, 0));
    code.push_back(jump(static_cast<std::int16_t>(longer.size())));
    code.insert(code.end(), longer.begin(), longer.end());
    code.insert(code.end(), then.begin(), then.end());
    return code;
}

TEST(CodeVerifier, StatesAreKeptApartWhereTheyDiffer) {
    Ground ground{std::vector<std::byte>(32)};
    ground.rules[0].bytes_min = 16;
    const auto reason = [&ground](const Code& code) { return ground.verdict(code).fault.reason; };
    const Code nothing{mov(8, 0)};
    const Code compare_copy{jump_if(0x25, 4, 15, 2), add_register(1, 3), load_byte(0, 1, 0),
                            leave()};
    const Code same{copy(4, 3)};
    EXPECT_EQ(reason(meeting(same, same, compare_copy)), CodeReason::none);
    EXPECT_EQ(reason(meeting(same, nothing, compare_copy)), CodeReason::outside_window);

    const Code number{mov(7, 0), store_word(10, -8, 7), make(0xdb, 10, 7, -8, 0)};
    const Code address{store_word(10, -8, 1)};
    const Code take{load_word(0, 10, -8), leave()};
    EXPECT_EQ(reason(meeting(number, number, take)), CodeReason::none);
    EXPECT_EQ(reason(meeting(number, address, take)), CodeReason::address_as_number);
    EXPECT_EQ(reason(meeting(number, nothing, take)), CodeReason::uninitialised_stack);

    const Code guarded{copy(4, 3), add(4, 8), make(0xbd, 4, 2, 2, 0), mov(0, 0), leave()};
    const Code unguarded{copy(4, 3), add(4, 8)};
    const Code far{add_register(1, 3), load_byte(0, 1, 7), leave()};
    EXPECT_EQ(reason(meeting(guarded, guarded, far)), CodeReason::none);
    EXPECT_EQ(reason(meeting(guarded, unguarded, far)), CodeReason::outside_window);

    const Code eight{mov(7, 8)};
    const Code nine{mov(7, 9)};
    const Code by_number{add_register(1, 7), load_byte(0, 1, 7), leave()};
    EXPECT_EQ(reason(meeting(eight, eight, by_number)), CodeReason::none);
    EXPECT_EQ(reason(meeting(eight, nine, by_number)), CodeReason::outside_window);
}

// A round that begins with less than the one before is no proof that rounds end.
TEST(CodeVerifier, RoundsThatAreContainedStillGoRound) {
    Ground ground{std::vector<std::byte>(16)};
    const Code code{load_byte(3, 1, 0), mov(0, 0), jump_if(0x25, 3, 100, 0), load_byte(3, 1, 0),
                    jump_if(0x55, 3, 0, -3), leave()};
    EXPECT_EQ(ground.verdict(code).fault.reason, CodeReason::endless_loop);
}

// Counts to `count` and runs 2 + 2 * count + 1 instructions.
Code counting(std::int32_t count) {
    return {mov(0, 0), mov(3, 0), add(3, 1), jump_if(0xa5, 3, count, -2), leave()};
}

TEST(CodeVerifier, BoundsOfLoops) {
    Ground ground{std::vector<std::byte>(16)};
    const Case cases[] = {
        {"round and round", {mov(0, 0), jump(-1), leave()}, {1, CodeReason::endless_loop}},
        {"until memory changes", {load_byte(0, 1, 0), jump_if(0x15, 0, 0, -2), leave()},
         {0, CodeReason::endless_loop}},
        {"for ever further", {mov(0, 0), add(0, 1), jump_if(0x55, 0, -5, -2), leave()},
         {1, CodeReason::too_complex}},
    };
    Contract contract = ground.contract();
    std::vector<std::byte> memory(std::size_t{64} << 10);
    expect_verdicts(cases, ground);
    for (const std::int32_t count : {1, 2, 100, 5000}) {
        const Verdict verdict = verify::verify(counting(count), contract, memory);
        EXPECT_EQ(verdict.fault, CodeFault{}) << text_of(verdict.fault.reason);
        EXPECT_EQ(verdict.steps_max, 3u + 2u * static_cast<unsigned>(count));
        EXPECT_EQ(ground.checked(counting(count)).steps, verdict.steps_max);
    }
    contract.steps_max = 202;
    EXPECT_EQ(verify::verify(counting(100), contract, memory).fault.reason,
              CodeReason::bound_over_limit);
    contract.steps_max = 203;
    EXPECT_TRUE(verify::verify(counting(100), contract, memory).accepted());
    contract.steps_max = 1'000'000;
    contract.explored_max = 1000;
    EXPECT_EQ(verify::verify(counting(5000), contract, memory).fault.reason,
              CodeReason::too_complex);
}

// What is counted but decides nothing costs no exploration: else 2^40 paths.
TEST(CodeVerifier, CountsThatDecideNothingAreFree) {
    Ground ground{std::vector<std::byte>(64)};
    const Code code{mov(0, 0),
                    mov(3, 0),
                    copy(4, 1),
                    add_register(4, 3),
                    load_byte(5, 4, 0),
                    jump_if(0x55, 5, 'x', 1),
                    add(0, 1),
                    add(3, 1),
                    jump_if(0xa5, 3, 40, -7),
                    leave()};
    const Verdict verdict = ground.verdict(code);
    EXPECT_EQ(verdict.fault, CodeFault{}) << text_of(verdict.fault.reason);
    EXPECT_EQ(verdict.steps_max, 3u + 7 * 40);
    EXPECT_LT(verdict.explored, 10 * verdict.steps_max);
}

// In small steps the verdict is what it is at once.
TEST(CodeVerifier, GoesOnInSteps) {
    Ground ground{std::vector<std::byte>(16)};
    const Contract contract = ground.contract();
    const Code code = counting(300);
    std::vector<std::byte> memory(std::size_t{64} << 10);
    const Verdict whole = verify::verify(code, contract, memory);
    const verify::Beginning beginning = verify::begin(code, contract, memory);
    ASSERT_NE(beginning.explorer, nullptr);
    unsigned calls = 1;
    while (!beginning.explorer->run(10)) ++calls;
    const Verdict& stepwise = beginning.explorer->verdict();
    EXPECT_EQ(stepwise.fault, whole.fault);
    EXPECT_EQ(stepwise.steps_max, whole.steps_max);
    EXPECT_EQ(stepwise.explored, whole.explored);
    EXPECT_EQ(stepwise.memory_used, whole.memory_used);
    EXPECT_GE(calls, whole.explored / 20);
}

TEST(CodeVerifier, MemoryAndContractAreChecked) {
    Ground ground;
    const Code code = counting(100);
    const Contract contract = ground.contract();
    std::vector<std::byte> memory(verify::memory_min(code.size()));
    EXPECT_TRUE(verify::verify(code, contract, memory).accepted());
    memory.pop_back();
    EXPECT_EQ(verify::verify(code, contract, memory).fault.reason, CodeReason::no_room);
    // Branches that wait need memory: with any amount of it there is a verdict, and the same one
    // once there is enough.
    Code branches{load_byte(3, 1, 0), load_byte(4, 1, 1), mov(0, 0)};
    for (int i = 0; i < 8; ++i) {
        branches.push_back(jump_if(0x25, 3, 10 * i, 1));
        branches.push_back(add(4, 1));
    }
    branches.push_back(jump_if(0x15, 4, 3, 0));
    branches.push_back(leave());
    Ground window{std::vector<std::byte>(16)};
    bool enough = false;
    for (std::size_t bytes = verify::memory_min(branches.size()); bytes < 100'000; bytes += 500) {
        memory.assign(bytes, std::byte{0x5a});
        const Verdict verdict = verify::verify(branches, window.contract(), memory);
        const bool accepted = verdict.accepted();
        EXPECT_TRUE(accepted || (!enough && verdict.fault.reason == CodeReason::no_room));
        EXPECT_LE(verdict.memory_used, bytes);
        enough |= accepted;
    }
    EXPECT_TRUE(enough);
    ground.rules[0] = {.bytes_min = 2, .bytes_max = 1, .writable = false};
    EXPECT_EQ(ground.verdict(code).fault.reason, CodeReason::bad_contract);
    ground.rules.assign(windows_max + 1, WindowRule{});
    EXPECT_EQ(ground.verdict(code).fault.reason, CodeReason::bad_contract);
}

}  // namespace
}  // namespace tests::code
