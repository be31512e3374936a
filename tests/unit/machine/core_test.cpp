// Entering and leaving environments: calls, exceptions, floating point, time, the watchdog.
#include <emmintrin.h>
#include <gtest/gtest.h>

#include "tests/unit/machine/tiny_kernel.hpp"

namespace tests::machine {
namespace {

using namespace kernel::abi;

void caller(std::uint64_t) {
    const CallResult result = chitin_gate(11, 12, 13, 14, 15, 16, 7);
    chitin_gate(result.status, result.value, 0, 0, 0, 0, 8);
}

TEST(Gate, arguments_and_results_travel_as_the_contract_says) {
    with_kernel({}, [](TinyKernel& kernel) {
        EXPECT_EQ(kernel.start(caller, 0).kind, TrapKind::call);
        const SavedState& regs = kernel.context.regs;
        EXPECT_EQ(regs.rax, 7u);
        EXPECT_EQ(regs.rdi, 11u);
        EXPECT_EQ(regs.rsi, 12u);
        EXPECT_EQ(regs.rdx, 13u);
        EXPECT_EQ(regs.r10, 14u);
        EXPECT_EQ(regs.r8, 15u);
        EXPECT_EQ(regs.r9, 16u);
        EXPECT_EQ(kernel.context.resume, Resume::call);
        kernel.context.regs.rax = 100;
        kernel.context.regs.rdx = 200;
        kernel.resume();
        EXPECT_EQ(regs.rax, 8u);
        EXPECT_EQ(regs.rdi, 100u);
        EXPECT_EQ(regs.rsi, 200u);
    });
}

void illegal(std::uint64_t) { asm volatile("ud2"); }
void divides(std::uint64_t zero) {
    asm volatile("xor %%edx, %%edx\n div %0" : : "r"(zero) : "rax", "rdx");
}
void breakpoint(std::uint64_t) { asm volatile("int3"); }
void privileged(std::uint64_t) { asm volatile("hlt"); }
void wild(std::uint64_t address) {
    asm volatile("mov (%0), %%rax" : : "r"(address) : "rax", "memory");
}

TEST(Exceptions, come_with_the_hardwares_vectors) {
    with_kernel({}, [](TinyKernel& kernel) {
        const auto expect = [&](const Trap& trap, std::uint32_t vector) {
            EXPECT_EQ(trap.kind, TrapKind::exception);
            EXPECT_EQ(trap.vector, vector);
        };
        expect(kernel.start(illegal, 0), 6);
        expect(kernel.start(divides, 0), 0);
        expect(kernel.start(breakpoint, 0), 3);
        expect(kernel.start(privileged, 0), 13);
        expect(kernel.start(wild, 0x8000'0000'0000'0000), 13);
    });
}

TEST(Exceptions, addresses_outside_the_window_are_page_faults) {
    with_kernel({}, [](TinyKernel& kernel) {
        const Trap trap = kernel.start(wild, 0x10);
        EXPECT_EQ(trap.kind, TrapKind::page_fault);
        EXPECT_EQ(trap.address.value, 0x10u);
    });
}

TEST(Exceptions, a_wild_return_address_is_a_general_protection_fault) {
    with_kernel({}, [](TinyKernel& kernel) {
        kernel.start(caller, 0);
        kernel.context.regs.rip = 0x1234'0000'0000'0000;
        for (const Resume resume : {Resume::call, Resume::full}) {
            kernel.context.resume = resume;
            const Trap trap = kernel.resume();
            EXPECT_EQ(trap.kind, TrapKind::exception);
            EXPECT_EQ(trap.vector, 13u);
            EXPECT_EQ(kernel.context.regs.rip, 0x1234'0000'0000'0000u);
        }
    });
}

[[gnu::noinline]] std::uint64_t deep(std::uint64_t depth) {
    volatile char room[256];
    room[0] = static_cast<char>(depth);
    return depth == 0 ? 0 : deep(depth - 1) + static_cast<std::uint64_t>(room[0]);
}
void overflows(std::uint64_t) { call(1, deep(1'000'000)); }

TEST(Exceptions, a_stack_overflow_is_an_ordinary_page_fault) {
    with_kernel({}, [](TinyKernel& kernel) {
        const Trap trap = kernel.start(overflows, 0);
        EXPECT_EQ(trap.kind, TrapKind::page_fault);
        const std::uint64_t end = kernel.stack_top() - TinyKernel::stack_pages * 4096;
        EXPECT_LT(trap.address.value, end);
        EXPECT_GE(trap.address.value, end - 4096);
    });
}

TEST(Exceptions, the_gate_on_a_stack_in_the_weeds_is_the_environments_fault) {
    with_kernel({}, [](TinyKernel& kernel) {
        kernel.start(caller, 0);
        kernel.context.regs.rip = reinterpret_cast<std::uint64_t>(&chitin_gate);
        kernel.context.regs.rsp = kernel.page(1000);
        kernel.context.resume = Resume::full;
        const Trap trap = kernel.resume();
        EXPECT_EQ(trap.kind, TrapKind::page_fault);
        EXPECT_EQ(trap.address.value, kernel.page(1000) + 8);
    });
}

// Faults with values in floating-point and general registers, and checks them afterwards.
void fp_over_fault(std::uint64_t address) {
    std::uint64_t low = 0;
    std::uint64_t kept = 0;
    asm volatile(
        "movq %[pattern], %%xmm7\n"
        "mov $0x5a5a, %%r11\n"
        "mov (%[address]), %%rax\n"
        "movq %%xmm7, %[low]\n"
        "mov %%r11, %[kept]\n"
        : [low] "=&r"(low), [kept] "=&r"(kept)
        : [address] "r"(address), [pattern] "r"(0x1122'3344'5566'7788ull)
        : "rax", "r11", "xmm7", "memory");
    call(low == 0x1122'3344'5566'7788ull && kept == 0x5a5a ? 1 : 2);
}

TEST(FloatingPoint, survives_a_fault_and_other_code_in_between) {
    with_kernel({}, [](TinyKernel& kernel) {
        const std::uint64_t address = kernel.page(0);
        ASSERT_EQ(kernel.start(fp_over_fault, address).kind, TrapKind::page_fault);
        asm volatile("pxor %%xmm7, %%xmm7" : : : "xmm7");
        kernel.map(address, flags_read);
        EXPECT_EQ(kernel.resume().kind, TrapKind::call);
        EXPECT_EQ(kernel.call_number(), 1u);
    });
}

void rounds_up(std::uint64_t) {
    _mm_setcsr(0x5f80);
    for (;;) call(1, _mm_getcsr());
}
void tells_rounding(std::uint64_t) {
    for (;;) call(1, _mm_getcsr());
}

TEST(FloatingPoint, control_words_are_each_environments_own) {
    with_kernel({}, [](TinyKernel& kernel) {
        kernel.start(rounds_up, 0);
        EXPECT_EQ(kernel.context.regs.rdi & 0xffc0, 0x5f80u);
        auto other = std::make_unique<UserContext>();
        kernel.core.fp_release(kernel.context);
        kernel.core.fp_reset(*other);
        other->regs = {};
        other->regs.rip = reinterpret_cast<std::uint64_t>(&tells_rounding);
        other->regs.rsp = kernel.stack_top() - 32768 - 8;
        other->regs.rflags = 0x202;
        other->resume = Resume::full;
        kernel.core.run(*other, kernel::abi::never);
        EXPECT_EQ(other->regs.rdi & 0xffc0, 0x1f80u);
        kernel.core.fp_release(*other);
        kernel.resume();
        EXPECT_EQ(kernel.context.regs.rdi & 0xffc0, 0x5f80u);
        kernel.core.fp_release(kernel.context);
        _mm_setcsr(0x1f80);
    });
}

void spins(std::uint64_t) {
    for (;;) asm volatile("");
}

TEST(Watchdog, a_runaway_is_stopped_and_named) {
    Power power;
    power.options.watchdog_seconds = 0.2;
    const auto result = with_kernel(power, [](TinyKernel& kernel) {
        EXPECT_EQ(kernel.start(spins, 0).kind, TrapKind::runaway);
        EXPECT_EQ(kernel.start(caller, 0).kind, TrapKind::call);
    });
    EXPECT_NE(result.error.find("spins"), std::string::npos) << result.error;
}

TEST(Machine, time_moves_by_charge_alone) {
    with_kernel({}, [](TinyKernel& kernel) {
        EXPECT_EQ(kernel.core.now().value, 0u);
        kernel.start(caller, 0);
        EXPECT_EQ(kernel.core.now().value, 0u);
        kernel.core.charge(Nanoseconds{5});
        kernel.core.idle_until(Instant{100});
        kernel.core.idle_until(Instant{50});
        EXPECT_EQ(kernel.core.now().value, 100u);
    });
}

TEST(Machine, one_after_another_in_other_windows) {
    for (const std::uint64_t base : {0x3000'0000'0000, 0x2080'0000'0000, 0x3000'0000'0000}) {
        Power power;
        power.options.window_base = static_cast<std::uint64_t>(base);
        // ThreadSanitizer admits one window only, and it is the default.
        if (sim::machine::default_window_base() == 0) power.options.window_base = 0;
        const auto result = with_kernel(power, [&](TinyKernel& kernel) {
            EXPECT_EQ(kernel.boot.window_base, power.options.window_base);
            EXPECT_EQ(kernel.start(caller, 0).kind, TrapKind::call);
        });
        EXPECT_EQ(result.error, "");
    }
}

// Who acted, in the order of virtual time, ties in the order of the cores.
TEST(Machine, cores_take_turns_by_virtual_time) {
    Power power;
    power.cores = 3;
    std::string order;
    const auto result = power.on([&order](Core& core, const BootInfo& boot) {
        auto kernel = std::make_unique<TinyKernel>(core, boot);
        kernel->start(tells_rounding, 0);
        for (int i = 0; i < 3; ++i) {
            order += static_cast<char>('0' + core.id().value);
            core.charge(Nanoseconds{10u + core.id().value});
            core.synchronise(core.now());
            kernel->resume();
        }
        return Outcome{};
    });
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(order, "012012012");
}

TEST(Machine, a_core_sees_a_message_when_it_arrives_and_not_before) {
    Power power;
    power.cores = 2;
    power.latency = 100;
    std::uint64_t box = 0;
    std::vector<std::uint64_t> seen;
    const auto result = power.on([&](Core& core, const BootInfo&) {
        if (core.id().value == 0) {
            core.charge(Nanoseconds{50});
            core.synchronise(core.now());
            box = 1;
            core.notify(CoreId{1}, kernel::abi::Instant{150});
            return Outcome{};
        }
        EXPECT_GT(core.synchronise(kernel::abi::Instant{1000}), kernel::abi::Instant{0});
        seen.push_back(box);
        EXPECT_GT(core.synchronise(kernel::abi::Instant{150}), kernel::abi::Instant{150});
        return Outcome{};
    });
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(seen, std::vector<std::uint64_t>{1});
}

TEST(Machine, refusals_are_one_sentence) {
    Power power;
    power.options.window_base = 4096;
    EXPECT_NE(power.on({}).error, "");
    power = Power{};
    power.pool_frames = 1u << 25;
    EXPECT_NE(power.on({}).error.find("128 GiB"), std::string::npos);
}

TEST(Machine, output_and_events_reach_the_result) {
    const auto result = with_kernel({}, [](TinyKernel& kernel) {
        const EnvId env{3};
        kernel.core.print(env, Channel::text, "hello");
        kernel.core.print(env, Channel::result, "{\"env\":\"first\"}\n{\"x\"");
        kernel.core.print(env, Channel::result, ":1}\n");
        Event event{};
        event.env = env;
        kernel.core.event(event);
        EnvInfo info{};
        info.serial = 7;
        kernel.core.env_ended(env, info);
    });
    ASSERT_EQ(result.envs.size(), 1u);
    EXPECT_EQ(result.envs[0].name, "first");
    EXPECT_EQ(result.envs[0].text, "hello");
    ASSERT_EQ(result.envs[0].results.size(), 1u);
    EXPECT_EQ(result.envs[0].results[0], "{\"x\":1}");
    EXPECT_EQ(result.envs[0].info.serial, 7);
    EXPECT_EQ(result.trace_events, 1u);
}

}  // namespace
}  // namespace tests::machine
