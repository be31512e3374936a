// The checkers of sleepers and of progress, on a memory that is made up.
#include <memory>

#include <gtest/gtest.h>

#include "kernel/abi/upcall.hpp"
#include "sim/checkers/environments.hpp"
#include "sim/checkers/owed.hpp"
#include "sim/checkers/progress.hpp"

namespace tests::explore {
namespace {

using namespace kernel::abi;
using kernel::env::Env;
using kernel::mem::Account;

// One core with one environment: number 1, its account and its upcall page.
class Made {
public:
    Made() {
        system().magic = system_info_magic;
        system().cores = 1;
        system().pool_frames = frames;
        info().state = EnvState::parked;
        info().account = frame_at(account_index);
        account().bound = frame_at(env_index);
        account().bound_id = EnvId{1};
        env().id = EnvId{1};
        env().wake = never;
        env().page = &page();
    }

    std::span<const std::byte> pool() const { return {memory_.get(), frames * page_size}; }
    SystemInfo& system() { return at<SystemInfo>(0); }
    EnvInfo& info() { return (&at<EnvInfo>(2))[1]; }
    Account& account() { return at<Account>(account_index); }
    Env& env() { return at<Env>(env_index); }
    UpcallPage& page() { return at<UpcallPage>(page_index); }

private:
    static constexpr std::uint32_t frames = 16;
    static constexpr std::uint32_t account_index = 10, env_index = 11, page_index = 12;

    static FrameNumber frame_at(std::uint32_t index) {
        return FrameNumber{kernel::machine::pool_first.value + index};
    }
    template <class T>
    T& at(std::uint32_t index) {
        return *reinterpret_cast<T*>(memory_.get() + index * page_size);
    }

    struct Free {
        void operator()(std::byte* memory) const {
            ::operator delete(memory, std::align_val_t{page_size});
        }
    };
    std::unique_ptr<std::byte, Free> memory_{[] {
        auto* memory = ::operator new(frames * page_size, std::align_val_t{page_size});
        return static_cast<std::byte*>(__builtin_memset(memory, 0, frames * page_size));
    }()};
};

TEST(Owed, WhoSleepsIsOwedNothing) {
    Made made;
    EXPECT_EQ(sim::checkers::verify_owed(made.pool()), "");
    made.env().pending.bits = 1u << static_cast<unsigned>(Upcall::child_ended);
    EXPECT_EQ(sim::checkers::verify_owed(made.pool()),
              "environment 1 sleeps, and an upcall waits for it in the kernel");
    made.env().pending.bits = 0;
    made.page().pending = 1;
    EXPECT_EQ(sim::checkers::verify_owed(made.pool()),
              "environment 1 sleeps, and an upcall waits in its page");
    made.page().pending = 0;
    made.env().woken = true;
    EXPECT_EQ(sim::checkers::verify_owed(made.pool()),
              "environment 1 sleeps, and was woken before");
}

TEST(Owed, WhoRunsOrGoesOnAtOnceMayBeOwedSomething) {
    Made made;
    made.env().pending.bits = 1;
    made.env().wake = Instant{0};
    EXPECT_EQ(sim::checkers::verify_owed(made.pool()), "");
    made.env().wake = never;
    made.info().state = EnvState::runnable;
    EXPECT_EQ(sim::checkers::verify_owed(made.pool()), "");
}

TEST(Owed, WhatLeadsOutOfTheMemoryIsNotFollowed) {
    Made made;
    made.env().pending.bits = 1;
    made.account().bound = FrameNumber{~0u};
    EXPECT_EQ(sim::checkers::verify_owed(made.pool()), "");
    made.info().account = FrameNumber{~0u};
    EXPECT_EQ(sim::checkers::verify_owed(made.pool()), "");
    made.system().magic = 0;
    EXPECT_EQ(sim::checkers::verify_owed(made.pool()), "");
}

TEST(Progress, WhoCanRunGetsOnWithinTheBound) {
    constexpr std::uint64_t bound = 100, calm = 0;
    Made made;
    made.info().state = EnvState::runnable;
    sim::checkers::Progress progress{bound};
    EXPECT_EQ(progress.look(made.pool(), 1000, calm), "");
    EXPECT_EQ(progress.look(made.pool(), 1000 + bound, calm), "");
    EXPECT_EQ(progress.look(made.pool(), 1001 + bound, calm),
              "environment 1 can run and has not got on since event 1000 of 1101");
    EXPECT_EQ(progress.longest(1001 + bound), "environment 1 can run since event 1000");
    made.info().history_events = 1;
    EXPECT_EQ(progress.look(made.pool(), 2000, calm), "");
    EXPECT_EQ(progress.look(made.pool(), 2000 + bound, calm), "");
}

TEST(Progress, WhoSleepsOrIsAnotherOneIsNotBlamed) {
    constexpr std::uint64_t bound = 100, calm = 0;
    Made made;
    sim::checkers::Progress progress{bound};
    EXPECT_EQ(progress.look(made.pool(), 1, calm), "");
    EXPECT_EQ(progress.look(made.pool(), 5000, calm), "");
    EXPECT_EQ(progress.longest(5000), "environment 1 sleeps since event 1");
    made.info().state = EnvState::runnable;
    EXPECT_EQ(progress.look(made.pool(), 6000, calm), "");
    made.info().serial = 2;
    EXPECT_EQ(progress.look(made.pool(), 7000, calm), "");
}

TEST(Progress, NobodyIsBlamedForWhatWasBeforeTheCalm) {
    constexpr std::uint64_t bound = 100, calm = 5000;
    Made made;
    made.info().state = EnvState::runnable;
    sim::checkers::Progress progress{bound};
    EXPECT_EQ(progress.look(made.pool(), 10, calm), "");
    EXPECT_EQ(progress.look(made.pool(), calm, calm), "");
    EXPECT_EQ(progress.look(made.pool(), calm + bound, calm), "");
    EXPECT_EQ(progress.look(made.pool(), calm + bound + 1, calm),
              "environment 1 can run and has not got on since event 10 of 5101");
}

TEST(Environments, ACoreRunsUntilItsRootHasEnded) {
    Made made;
    EXPECT_TRUE(sim::checkers::core_runs(made.pool(), 0));
    made.info().state = EnvState::ended;
    EXPECT_FALSE(sim::checkers::core_runs(made.pool(), 0));
    made.info().state = EnvState::runnable;
    made.info().creator = EnvId{2};
    EXPECT_FALSE(sim::checkers::core_runs(made.pool(), 0));
}

}  // namespace
}  // namespace tests::explore
