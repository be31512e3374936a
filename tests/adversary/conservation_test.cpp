// Conservation holds after the events of the shipped scenarios, and the checker is not blind:
// each structure broken on purpose is found.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "kernel/abi/cycle.hpp"
#include "kernel/cap/capability.hpp"
#include "kernel/env/env.hpp"
#include "kernel/machine/boot_info.hpp"
#include "kernel/mem/account.hpp"
#include "sim/checkers/conservation.hpp"
#include "tests/adversary/cells.hpp"

namespace tests::adversary {
namespace {

using namespace kernel::abi;

void expect_conserved(const std::string& scenario, std::uint64_t stride, std::uint32_t cell = 0) {
    sim::engine::CellResult result;
    EXPECT_EQ(conservation_of(scenario, stride, result, cell), "") << scenario;
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.outcome.exit_code, 0u);
    EXPECT_EQ(result.outcome.frames_lost, 0u);
}

TEST(Conservation, HoldsAfterEveryEventOfHello) { expect_conserved("hello.toml", 1); }
TEST(Conservation, HoldsAfterEventsOfCow) { expect_conserved("cow.toml", 29); }
TEST(Conservation, HoldsAfterEventsOfSqueeze) { expect_conserved("squeeze.toml", 431); }
TEST(Conservation, HoldsAfterEventsOfSlices) { expect_conserved("slices.toml", 61); }
TEST(Conservation, HoldsAfterEventsOfExchange) { expect_conserved("exchange.toml", 37); }
TEST(Conservation, HoldsAfterEventsOfExchangeBetweenCores) {
    for (const std::uint32_t cell : {0u, 3u}) expect_conserved("exchange_cores.toml", 97, cell);
}
TEST(Conservation, HoldsAfterEveryEventOfPredicate) { expect_conserved("predicate.toml", 1); }
TEST(Conservation, HoldsAfterEventsOfRealtime) { expect_conserved("realtime.toml", 7); }
TEST(Conservation, HoldsAfterEventsOfShares) { expect_conserved("shares.toml", 61); }
TEST(Conservation, HoldsAfterEventsOfHierarchy) { expect_conserved("hierarchy.toml", 997); }
TEST(Conservation, HoldsAfterEveryEventOfCores) { expect_conserved("cores.toml", 1); }
TEST(Conservation, HoldsAfterEventsOfMixed) { expect_conserved("mixed.toml", 997); }

// Of its sweep's cells those with two and four cores. Looking at its large memory takes long: a
// prime stride meets every kind of message.
TEST(Conservation, HoldsAfterEventsOfMultikernel) {
    for (const std::uint32_t cell : {1u, 2u}) expect_conserved("multikernel.toml", 61, cell);
}

// ---- the canary

// A kernel's part of the pool.
struct Pool {
    std::span<std::byte> bytes;  // all parts
    std::uint32_t first_frame = kernel::machine::pool_first.value;

    template <class T>
    T* at(std::uint32_t frame) const {
        const std::uint64_t offset =
            std::uint64_t{frame - kernel::machine::pool_first.value} * page_size;
        return reinterpret_cast<T*>(bytes.data() + offset);
    }
    Pool part(std::uint32_t core) const {
        return {bytes, first_frame + core * system().pool_frames};
    }
    SystemInfo& system() const { return *at<SystemInfo>(first_frame); }
    kernel::abi::CycleInfo& cycle() const {
        return *at<kernel::abi::CycleInfo>(first_frame + 1);
    }
    FrameInfo* frames() const {
        return at<FrameInfo>(first_frame + 2 +
                             environments_max * sizeof(EnvInfo) / page_size);
    }
    bool has(FrameState state) const {
        return std::ranges::any_of(std::span{frames(), system().pool_frames},
                                   [state](const FrameInfo& info) { return info.state == state; });
    }
    std::uint32_t first(FrameState state) const {
        for (std::uint32_t i = 0; i < system().pool_frames; ++i) {
            if (frames()[i].state == state) return i;
        }
        ADD_FAILURE() << "no frame in that state";
        return 0;
    }
    template <class T>
    T* object(FrameState state) const {
        return at<T>(first_frame + first(state));
    }
    kernel::mem::Account& root_account() const {
        return *at<kernel::mem::Account>(first_frame + system().kernel_frames - 1);
    }
};

struct Damage {
    const char* name;
    void (*inflict)(const Pool&);
};

constexpr std::uint64_t writable_executable_off = std::uint64_t{1} << 63;

// The first present entry of the first leaf table that has a writable one.
std::uint64_t& writable_leaf(const Pool& pool) {
    for (std::uint32_t i = 0; i < pool.system().pool_frames; ++i) {
        if (pool.frames()[i].state != FrameState::table || pool.frames()[i].level != 1) continue;
        auto* entries = pool.at<std::uint64_t>(pool.first_frame + i);
        for (unsigned k = 0; k < 512; ++k) {
            if ((entries[k] & 3) == 3) return entries[k];
        }
    }
    ADD_FAILURE() << "no writable page";
    return *pool.at<std::uint64_t>(pool.first_frame);
}

kernel::cap::Capability& frame_capability(const Pool& pool) {
    auto* table = pool.object<kernel::cap::Capability>(FrameState::cap_table);
    for (unsigned i = 0; i < table_slots_per_frame; ++i) {
        if (table[i].type == CapType::frame && table[i].mapping != 0) return table[i];
    }
    ADD_FAILURE() << "no mapped capability";
    return *table;
}

const Damage damages[] = {
    {"FreeCount", [](const Pool& pool) { pool.system().free_frames++; }},
    {"KernelCount", [](const Pool& pool) { pool.system().kernel_frames--; }},
    {"SliceCount", [](const Pool& pool) { pool.cycle().slices[3].caps++; }},
    {"AllocatedSlices", [](const Pool& pool) { pool.cycle().allocated++; }},
    {"SliceOfNobody", [](const Pool& pool) { pool.cycle().slices[5].env = EnvId{77}; }},
    {"ReservedCount", [](const Pool& pool) { pool.system().reserved_frames++; }},
    {"LeakedFreeFrame",
     [](const Pool& pool) {  // the head leaves the list, and the count follows
         auto& head = pool.system().free_first;
         head = pool.frames()[head.value - pool.system().pool_first.value].next;
         pool.frames()[head.value - pool.system().pool_first.value].previous = FrameNumber{0};
         pool.system().free_frames--;
     }},
    {"FrameTwiceInAList",
     [](const Pool& pool) {
         const FrameNumber head = pool.system().free_first;
         auto& info = pool.frames()[head.value - pool.system().pool_first.value];
         pool.frames()[info.next.value - pool.system().pool_first.value].next = head;
     }},
    {"HeldCount", [](const Pool& pool) { pool.root_account().held++; }},
    {"UsedCount", [](const Pool& pool) { pool.root_account().used--; }},
    {"ObjectCount", [](const Pool& pool) { pool.root_account().objects++; }},
    {"FrameOfAnotherAccount",
     [](const Pool& pool) {
         pool.frames()[pool.first(FrameState::user)].account = FrameNumber{4097};
     }},
    {"CapabilityCount",
     [](const Pool& pool) { pool.frames()[pool.first(FrameState::user)].caps++; }},
    {"FirstCapability",
     [](const Pool& pool) { pool.frames()[pool.first(FrameState::user)].first_cap ^= 1; }},
    {"SiblingLink", [](const Pool& pool) { frame_capability(pool).next = 1u << 31; }},
    {"ParentLink", [](const Pool& pool) { frame_capability(pool).parent = 1u << 31; }},
    {"MappingMoved", [](const Pool& pool) { frame_capability(pool).mapping++; }},
    {"MappingForgotten", [](const Pool& pool) { frame_capability(pool).mapping = 0; }},
    {"FewerRightsThanMapped",
     [](const Pool& pool) { frame_capability(pool).rights = Rights::none; }},
    {"StaleEntry", [](const Pool& pool) { writable_leaf(pool) &= ~std::uint64_t{1}; }},
    {"WritableAndExecutable",
     [](const Pool& pool) { writable_leaf(pool) &= ~writable_executable_off; }},
    {"EntryOfAnotherFrame", [](const Pool& pool) { writable_leaf(pool) ^= 1 << 12; }},
    {"TableEntryCount",
     [](const Pool& pool) { pool.frames()[pool.first(FrameState::table)].entries++; }},
    {"TableOfAnotherLevel",
     [](const Pool& pool) { pool.frames()[pool.first(FrameState::table)].level ^= 1; }},
    {"EnvironmentWithoutAccount",
     [](const Pool& pool) {
         pool.object<kernel::env::Env>(FrameState::env)->account = FrameNumber{4096 + 900};
     }},
    {"UpcallPageGone",
     [](const Pool& pool) { pool.object<kernel::env::Env>(FrameState::env)->vector ^= 1; }},
};

const Damage damages_of_a_part[] = {
    {"CoreNumber", [](const Pool& pool) { pool.system().core ^= 1; }},
    {"CoreCount", [](const Pool& pool) { pool.system().cores++; }},
    {"PartSize", [](const Pool& pool) { pool.system().pool_frames--; }},
    {"PartPlace", [](const Pool& pool) { pool.system().pool_first = kernel::machine::pool_first; }},
    {"FrameOfAnotherCore",
     [](const Pool& pool) { frame_capability(pool).object = FrameNumber{4096 + 900}; }},
    {"FrameOfNoCore",
     [](const Pool& pool) { frame_capability(pool).object = FrameNumber{1 << 20}; }},
};

class Canary : public testing::TestWithParam<Damage> {};

TEST_P(Canary, IsFound) {
    const std::uint64_t event_chosen = 300;  // past the runtime's start: everything exists
    std::string found = "never looked";
    const auto result = run("hello.toml", [&](std::uint64_t event, std::span<std::byte> pool) {
        if (event != event_chosen) return;
        ASSERT_EQ(sim::checkers::verify_conservation(pool), "");
        // On a copy: the kernel itself goes on unharmed.
        std::vector<std::byte> copy{pool.begin(), pool.end()};
        GetParam().inflict(Pool{copy});
        found = sim::checkers::verify_conservation(copy);
    });
    EXPECT_NE(found, "never looked") << result.trace_events << " events";
    EXPECT_NE(found, "");
}

INSTANTIATE_TEST_SUITE_P(Damages, Canary, testing::ValuesIn(damages),
                         [](const auto& info) { return std::string{info.param.name}; });

// The same damages in the part of the last of four cores, and those that only a part can have.
class PartCanary : public testing::TestWithParam<Damage> {};

// Has the runtime of the core's root environment started?
bool runs(const Pool& pool) {
    return pool.system().magic == kernel::abi::system_info_magic && pool.has(FrameState::env) &&
           pool.object<kernel::env::Env>(FrameState::env)->vector != 0;
}

TEST_P(PartCanary, IsFound) {
    constexpr std::uint32_t last = 3;
    std::string found;
    run("cores.toml", [&](std::uint64_t, std::span<std::byte> pool) {
        if (!found.empty() || !runs(Pool{pool}.part(last))) return;
        ASSERT_EQ(sim::checkers::verify_conservation(pool), "");
        std::vector<std::byte> copy{pool.begin(), pool.end()};
        GetParam().inflict(Pool{copy}.part(last));
        found = sim::checkers::verify_conservation(copy);
        if (found.empty()) found = "nothing";
    });
    EXPECT_EQ(found.substr(0, 8), "core 3: ") << found;
}

INSTANTIATE_TEST_SUITE_P(Damages, PartCanary, testing::ValuesIn(damages),
                         [](const auto& info) { return std::string{info.param.name}; });
INSTANTIATE_TEST_SUITE_P(DamagesOfAPart, PartCanary, testing::ValuesIn(damages_of_a_part),
                         [](const auto& info) { return std::string{info.param.name}; });

// ---- what is lent across cores

using kernel::cap::Capability;
using kernel::cap::Link;

// One frame that core 0 has lent to core 3, which maps it.
struct Loan {
    Pool lender, borrower;
    Capability* half = nullptr;
    Capability* borrowed = nullptr;
    std::uint64_t* entry = nullptr;  // core 3's
};

Capability* capability_at(const Pool& pool, CapRef ref) {
    return pool.at<Capability>(ref >> 7) + (ref & 127);
}

// The leaf entry of the part that maps the frame.
std::uint64_t* entry_of(const Pool& pool, FrameNumber frame) {
    for (std::uint32_t i = 0; i < pool.system().pool_frames; ++i) {
        if (pool.frames()[i].state != FrameState::table || pool.frames()[i].level != 1) continue;
        auto* entries = pool.at<std::uint64_t>(pool.first_frame + i);
        for (unsigned k = 0; k < 512; ++k) {
            const bool present = (entries[k] & 1) != 0;
            if (present && (entries[k] >> 12 & 0xff'ffff) == frame.value) return entries + k;
        }
    }
    return nullptr;
}

Loan find_loan(const Pool& pool) {
    Loan loan{.lender = pool, .borrower = pool.part(3)};
    if (!runs(loan.borrower)) return loan;
    auto* table = loan.borrower.object<Capability>(FrameState::cap_table);
    for (unsigned i = 0; i < table_slots_per_frame; ++i) {
        if (table[i].link != Link::borrowed || table[i].mapping == 0) continue;
        loan.borrowed = table + i;
        loan.half = capability_at(pool, table[i].peer);
        loan.entry = entry_of(loan.borrower, table[i].object);
    }
    return loan;
}

// Core 3's capability and page then name the first frame of core 0's in that state.
void name_another(const Loan& loan, FrameState state) {
    const std::uint32_t frame = loan.lender.first_frame + loan.lender.first(state);
    *loan.entry ^= std::uint64_t{loan.borrowed->object.value ^ frame} << 12;
    loan.borrowed->object = FrameNumber{frame};
}

struct LoanDamage {
    const char* name;
    void (*inflict)(const Loan&);
    const char* found;  // a part of what the checker says
};

const LoanDamage loan_damages[] = {
    {"OwnerFreedTheFrame", [](const Loan& loan) { name_another(loan, FrameState::free); },
     "was freed by its owner"},
    {"OwnerMadeATableOfIt", [](const Loan& loan) { name_another(loan, FrameState::table); },
     "is not what it is said to be"},
    {"OwnerMadeItTheKernels", [](const Loan& loan) { name_another(loan, FrameState::kernel); },
     "is not what it is said to be"},
    {"AnotherFrame", [](const Loan& loan) { name_another(loan, FrameState::user); },
     "another object's"},
    {"PageOfAnotherFrame", [](const Loan& loan) { *loan.entry ^= 1 << 12; },
     "another frame than its capability"},
    {"PageLeftBehind",
     [](const Loan& loan) {
         *loan.borrowed = {};
         loan.half->link = Link::recalling;
     },
     "mapped by no capability"},
    {"UsableHalf", [](const Loan& loan) { loan.half->rights = Rights::read; }, "can be used"},
    {"MappedHalf", [](const Loan& loan) { loan.half->mapping = 5; },
     "present pages"},
    {"HalfOfAnotherCore", [](const Loan& loan) { loan.half->core = 2; }, "does not name it"},
    {"HalfOfNoCore", [](const Loan& loan) { loan.half->core = 4; }, "nowhere"},
    {"HalfOfItself", [](const Loan& loan) { loan.half->core = 0; }, "nowhere"},
    {"HalfOfAnother", [](const Loan& loan) { loan.half->peer++; }, "does not name it"},
    {"HalfOfNobody", [](const Loan& loan) { loan.half->peer = 0; }, "to nobody"},
    {"HalfForgotten", [](const Loan& loan) { loan.half->link = Link::none; },
     "does not name it"},
    {"PendingAndLent", [](const Loan& loan) { loan.half->link = Link::pending; },
     "before it was"},
    {"BorrowedFromAnother", [](const Loan& loan) { loan.borrowed->peer++; },
     "does not name it"},
    {"BorrowedFromNobody", [](const Loan& loan) { loan.borrowed->peer = 0; },
     "does not name it"},
    {"BorrowedFromAnotherCore", [](const Loan& loan) { loan.borrowed->core = 1; },
     "does not name it"},
    {"BorrowedForgotten", [](const Loan& loan) { loan.borrowed->link = Link::none; },
     "nobody lent it"},
    {"BorrowedWithoutRights", [](const Loan& loan) { loan.borrowed->rights = Rights::none; },
     "cannot read"},
    {"RecalledAndMapped",
     [](const Loan& loan) {
         loan.half->link = Link::recalling;
         loan.borrowed->link = Link::recalled;
         loan.borrowed->rights = Rights::none;
     },
     "cannot read"},
    {"RecalledByNobody", [](const Loan& loan) { loan.borrowed->link = Link::recalled; },
     "nobody wanted its other half back"},
};

class LoanCanary : public testing::TestWithParam<LoanDamage> {};

TEST_P(LoanCanary, IsFound) {
    constexpr std::uint32_t four_cores = 2;  // the cell
    std::string found;
    const Look look = [&](std::uint64_t, std::span<std::byte> pool) {
        if (!found.empty() || find_loan(Pool{pool}).entry == nullptr) return;
        ASSERT_EQ(sim::checkers::verify_conservation(pool), "");
        std::vector<std::byte> copy{pool.begin(), pool.end()};
        GetParam().inflict(find_loan(Pool{copy}));
        found = sim::checkers::verify_conservation(copy);
        if (found.empty()) found = "nothing";
    };
    run("multikernel.toml", look, four_cores);
    EXPECT_NE(found.find(GetParam().found), std::string::npos) << found;
}

INSTANTIATE_TEST_SUITE_P(Damages, LoanCanary, testing::ValuesIn(loan_damages),
                         [](const auto& info) { return std::string{info.param.name}; });

}  // namespace
}  // namespace tests::adversary
