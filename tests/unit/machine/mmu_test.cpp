// The hosted MMU against the rules of the hardware's.
#include <gtest/gtest.h>

#include "kernel/abi/upcall.hpp"
#include "sim/machine/core_parts.hpp"
#include "tests/unit/machine/tiny_kernel.hpp"

namespace tests::machine {
namespace {

using namespace kernel::abi;

constexpr std::uint64_t accessed = PageTableEntry::accessed;
constexpr std::uint64_t dirty = PageTableEntry::dirty;

volatile std::uint64_t* word(std::uint64_t address) {
    return reinterpret_cast<volatile std::uint64_t*>(address);
}

// Calls 1 with what it reads, again and again.
void reader(std::uint64_t address) {
    for (;;) call(1, *word(address));
}
// Writes 1, 2, 3, ..., a call between them.
void writer(std::uint64_t address) {
    for (std::uint64_t i = 1;; ++i) {
        *word(address) = i;
        call(1, i);
    }
}
void read_then_write(std::uint64_t address) {
    call(1, *word(address));
    *word(address) = 77;
    call(2);
}

TEST(Mmu, a_read_sets_accessed_at_every_level_and_not_dirty) {
    const auto result = with_kernel({}, [](TinyKernel& kernel) {
        const std::uint64_t address = kernel.page(5);
        *kernel.at<std::uint64_t>(kernel.map(address, flags_write)) = 4711;
        EXPECT_FALSE(kernel.leaf(address).has(accessed));
        const Trap trap = kernel.start(reader, address);
        EXPECT_EQ(trap.kind, TrapKind::call);
        EXPECT_EQ(kernel.context.regs.rdi, 4711u);
        EXPECT_TRUE(kernel.leaf(address).has(accessed));
        EXPECT_FALSE(kernel.leaf(address).has(dirty));
        for (unsigned level = 4; level >= 2; --level) {
            const auto view = [&](PhysAddr at) { return kernel.core.view(at); };
            const auto step = kernel::x86::walk(view, kernel.root, VirtAddr{address}, level);
            EXPECT_TRUE(step.entry->has(accessed)) << "level " << level;
        }
    });
    EXPECT_EQ(result.error, "");
}

TEST(Mmu, neighbours_that_nobody_touched_keep_clear_bits) {
    with_kernel({}, [](TinyKernel& kernel) {
        for (std::uint64_t i = 0; i < 8; ++i) kernel.map(kernel.page(i), flags_write);
        kernel.start(reader, kernel.page(3));
        for (std::uint64_t i = 0; i < 8; ++i) {
            EXPECT_EQ(kernel.leaf(kernel.page(i)).has(accessed), i == 3) << i;
        }
    });
}

// What hardware may do to its translations at any time, no environment can tell.
TEST(Mmu, translations_that_go_and_come_change_nothing) {
    with_kernel({}, [](TinyKernel& kernel) {
        auto& mmu = kernel.core.parts().mmu;
        const std::uint64_t address = kernel.page(0);
        const FrameNumber frame = kernel.map(address, flags_write);
        kernel.map(kernel.page(1), flags_write);
        kernel.start(writer, address);
        const std::uint64_t fills = mmu.fills();
        for (std::uint64_t draw = 1; draw <= 200; ++draw) {
            mmu.shake(draw * 0x9e37'79b9'7f4a'7c15);
            EXPECT_FALSE(mmu.stale().has_value());
            EXPECT_EQ(kernel.resume().kind, TrapKind::call);
            EXPECT_EQ(kernel.context.regs.rdi, draw + 1);
        }
        EXPECT_GT(mmu.fills(), fills) << "no translation ever went";
        EXPECT_EQ(*kernel.at<std::uint64_t>(frame), 201u);
        EXPECT_FALSE(kernel.leaf(kernel.page(1)).has(accessed)) << "nobody used that page";
    });
}

TEST(Mmu, the_first_write_after_a_read_sets_dirty) {
    with_kernel({}, [](TinyKernel& kernel) {
        const std::uint64_t address = kernel.page(0);
        const FrameNumber frame = kernel.map(address, flags_write);
        EXPECT_EQ(kernel.start(read_then_write, address).kind, TrapKind::call);
        EXPECT_FALSE(kernel.leaf(address).has(dirty));
        EXPECT_EQ(kernel.resume().kind, TrapKind::call);
        EXPECT_EQ(kernel.call_number(), 2u);
        EXPECT_TRUE(kernel.leaf(address).has(dirty));
        EXPECT_EQ(*kernel.at<std::uint64_t>(frame), 77u);
    });
}

TEST(Mmu, bits_cleared_without_invalidation_stay_clear) {
    with_kernel({}, [](TinyKernel& kernel) {
        const std::uint64_t address = kernel.page(0);
        kernel.map(address, flags_write);
        kernel.start(writer, address);
        PageTableEntry& entry = kernel.leaf(address);
        entry = PageTableEntry{entry.bits() & ~(accessed | dirty)};
        kernel.resume();
        EXPECT_FALSE(entry.has(accessed)) << "the TLB still had the translation";
        EXPECT_FALSE(entry.has(dirty));
        kernel.core.invalidate(VirtAddr{address});
        kernel.resume();
        EXPECT_TRUE(entry.has(accessed));
        EXPECT_TRUE(entry.has(dirty));
    });
}

TEST(Mmu, only_dirty_cleared_and_invalidated_is_set_again_by_a_write) {
    with_kernel({}, [](TinyKernel& kernel) {
        const std::uint64_t address = kernel.page(0);
        kernel.map(address, flags_write);
        kernel.start(writer, address);
        PageTableEntry& entry = kernel.leaf(address);
        entry = PageTableEntry{entry.bits() & ~dirty};
        kernel.core.invalidate(VirtAddr{address});
        kernel.resume();
        EXPECT_TRUE(entry.has(dirty));
    });
}

TEST(Mmu, a_stale_mapping_stays_visible_until_invalidated) {
    with_kernel({}, [](TinyKernel& kernel) {
        const std::uint64_t address = kernel.page(0);
        *kernel.at<std::uint64_t>(kernel.map(address, flags_read)) = 1;
        kernel.start(reader, address);
        *kernel.at<std::uint64_t>(kernel.map(address, flags_read)) = 2;  // another frame
        kernel.resume();
        EXPECT_EQ(kernel.context.regs.rdi, 1u) << "stale, as on hardware";
        kernel.core.invalidate(VirtAddr{address});
        kernel.resume();
        EXPECT_EQ(kernel.context.regs.rdi, 2u);
    });
}

TEST(Mmu, loading_the_same_root_flushes) {
    with_kernel({}, [](TinyKernel& kernel) {
        const std::uint64_t address = kernel.page(0);
        *kernel.at<std::uint64_t>(kernel.map(address, flags_read)) = 1;
        kernel.start(reader, address);
        *kernel.at<std::uint64_t>(kernel.map(address, flags_read)) = 2;
        kernel.core.load_root(address_of(kernel.root));
        kernel.resume();
        EXPECT_EQ(kernel.context.regs.rdi, 2u);
    });
}

TEST(Mmu, faults_carry_the_hardwares_error_code) {
    with_kernel({}, [](TinyKernel& kernel) {
        const std::uint64_t absent = kernel.page(1) + 24;
        Trap trap = kernel.start(reader, absent);
        EXPECT_EQ(trap.kind, TrapKind::page_fault);
        EXPECT_EQ(trap.vector, 14u);
        EXPECT_EQ(trap.address.value, absent);
        EXPECT_EQ(trap.error, fault_user);
        trap = kernel.start(writer, absent);
        EXPECT_EQ(trap.error, fault_user | fault_write);

        const std::uint64_t read_only = kernel.page(2);
        kernel.map(read_only, flags_read);
        trap = kernel.start(writer, read_only);
        EXPECT_EQ(trap.error, fault_user | fault_write | fault_present);
        EXPECT_FALSE(kernel.leaf(read_only).has(accessed));

        const std::uint64_t supervisor = kernel.page(3);
        kernel.map(supervisor, PageTableEntry::writable | PageTableEntry::no_execute);
        trap = kernel.start(reader, supervisor);
        EXPECT_EQ(trap.error, fault_user | fault_present);

        const std::uint64_t no_code = kernel.page(4);
        kernel.map(no_code, flags_write);
        trap = kernel.start(reinterpret_cast<void (*)(std::uint64_t)>(no_code), 0);
        EXPECT_EQ(trap.kind, TrapKind::page_fault);
        EXPECT_EQ(trap.error, fault_user | fault_fetch | fault_present);
        EXPECT_EQ(trap.address.value, no_code);
        EXPECT_EQ(kernel.context.regs.rip, no_code);
    });
}

TEST(Mmu, rights_of_upper_levels_count) {
    with_kernel({}, [](TinyKernel& kernel) {
        const std::uint64_t address = kernel.page(0);
        kernel.map(address, flags_write);
        const auto view = [&](PhysAddr at) { return kernel.core.view(at); };
        const auto step = kernel::x86::walk(view, kernel.root, VirtAddr{address}, 2);
        *step.entry = PageTableEntry{step.entry->bits() & ~PageTableEntry::writable};
        EXPECT_EQ(kernel.start(writer, address).error,
                  fault_user | fault_write | fault_present);
    });
}

TEST(Mmu, pages_may_hold_code) {
    with_kernel({}, [](TinyKernel& kernel) {
        const std::uint64_t address = kernel.page(0);
        const FrameNumber frame = kernel.map(address, flags_execute);
        const unsigned char undefined_instruction[] = {0x0f, 0x0b};
        std::memcpy(kernel.at<std::byte>(frame), undefined_instruction, 2);
        const Trap trap = kernel.start(reinterpret_cast<void (*)(std::uint64_t)>(address), 0);
        EXPECT_EQ(trap.kind, TrapKind::exception);
        EXPECT_EQ(trap.vector, 6u);
        EXPECT_EQ(kernel.context.regs.rip, address);
        EXPECT_TRUE(kernel.leaf(address).has(accessed));
    });
}

TEST(Mmu, a_fault_resumes_where_it_was) {
    with_kernel({}, [](TinyKernel& kernel) {
        const std::uint64_t address = kernel.page(9);
        Trap trap = kernel.start(reader, address);
        ASSERT_EQ(trap.kind, TrapKind::page_fault);
        *kernel.at<std::uint64_t>(kernel.map(address, flags_read)) = 99;
        trap = kernel.resume();
        EXPECT_EQ(trap.kind, TrapKind::call);
        EXPECT_EQ(kernel.context.regs.rdi, 99u);
    });
}

// Touches every page once, then calls.
void toucher(std::uint64_t first) {
    for (std::uint64_t round = 0;; ++round) {
        for (std::uint64_t i = 0; i < 512; ++i) *word(first + i * 4096) = i + round;
        call(1, round);
    }
}

TEST(Mmu, the_tlb_is_bounded_and_nobody_can_tell) {
    Power power;
    power.options.tlb_pages = 64;
    with_kernel(power, [](TinyKernel& kernel) {
        std::vector<FrameNumber> frames;
        for (std::uint64_t i = 0; i < 512; ++i) {
            frames.push_back(kernel.map(kernel.page(i), flags_write));
        }
        kernel.start(toucher, kernel.page(0));
        kernel.resume();
        for (std::uint64_t i = 0; i < 512; ++i) {
            EXPECT_EQ(*kernel.at<std::uint64_t>(frames[i]), i + 1);
            EXPECT_TRUE(kernel.leaf(kernel.page(i)).has(dirty));
        }
    });
}

TEST(Mmu, scattered_pages_beyond_the_hosts_bound_on_mappings) {
    Power power;
    power.pool_frames = 60'000;
    power.options.tlb_pages = 100'000;
    const auto result = with_kernel(power, [](TinyKernel& kernel) {
        for (std::uint64_t i = 0; i < 40'000; ++i) {
            kernel.map(kernel.page(2 * i), flags_write);
        }
        const auto touch = [](std::uint64_t first) {
            for (std::uint64_t i = 0; i < 40'000; ++i) *word(first + 2 * i * 4096) = i;
            call(3);
        };
        EXPECT_EQ(kernel.start(touch, kernel.page(0)).kind, TrapKind::call);
        EXPECT_TRUE(kernel.leaf(kernel.page(2 * 39'999)).has(dirty));
    });
    EXPECT_EQ(result.error, "");
}

// Two address spaces that differ in one page and share another.
TEST(Mmu, switching_roots_shows_the_other_space) {
    with_kernel({}, [](TinyKernel& kernel) {
        const std::uint64_t address = kernel.page(0);
        *kernel.at<std::uint64_t>(kernel.map(address, flags_read)) = 1;
        kernel.start(reader, address);
        const FrameNumber first = kernel.root;
        const FrameNumber second = kernel.take();
        kernel.root = second;
        for (std::uint64_t i = 1; i <= TinyKernel::stack_pages; ++i) {
            kernel.map(kernel.stack_top() - i * 4096, flags_write);
        }
        *kernel.at<std::uint64_t>(kernel.map(address, flags_read)) = 2;
        kernel.core.load_root(address_of(second));
        kernel.start(reader, address);
        EXPECT_EQ(kernel.context.regs.rdi, 2u);
        kernel.root = first;
        kernel.core.load_root(address_of(first));
        kernel.start(reader, address);
        EXPECT_EQ(kernel.context.regs.rdi, 1u);
    });
}

}  // namespace
}  // namespace tests::machine
