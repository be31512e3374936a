#include "kernel/bare/x86_64/selftest.hpp"

#include "kernel/bare/x86_64/console.hpp"
#include "kernel/bare/x86_64/cores.hpp"
#include "kernel/bare/x86_64/layout.hpp"
#include "kernel/bare/x86_64/paging.hpp"
#include "kernel/bare/x86_64/panic.hpp"
#include "kernel/bare/x86_64/programs.hpp"
#include "kernel/bare/x86_64/selftest_cores.hpp"
#include "kernel/bare/x86_64/selftest_disk.hpp"
#include "kernel/base/assert.hpp"
#include "kernel/x86/page_table_entry.hpp"

namespace kernel::bare {
namespace {

using Entry = x86::PageTableEntry;

constexpr std::uint64_t large = 1 << 7;

// Ends when *caller is 0, which it never is.
[[gnu::noinline]] std::uint64_t overflow_stack(volatile std::uint64_t* caller) {
    volatile std::uint64_t local[16] = {*caller};
    return *caller == 0 ? 0 : overflow_stack(local) + local[0];
}

// Counts pages; every table the machine itself makes lies in the image or is a core's own.
struct Audit {
    std::uint64_t pages = 0;
    std::uint64_t writable_executable = 0;

    void table(const std::uint64_t* entries, unsigned level, bool writable, bool executable) {
        for (unsigned i = 0; i < x86::entries_per_table; ++i) {
            const Entry entry{entries[i]};
            if (!entry.valid()) continue;
            const bool write = writable && entry.has(Entry::writable);
            const bool execute = executable && !entry.has(Entry::no_execute);
            if (level > 1 && !entry.has(large)) {
                const auto physical = abi::address_of(entry.frame()).value;
                const auto below = physical + (physical < large_page ? image_base : direct_base);
                table(reinterpret_cast<const std::uint64_t*>(below), level - 1, write, execute);
                continue;
            }
            ++pages;
            writable_executable += write && execute ? 1 : 0;
        }
    }
};

// Code written into each page of compiled code and executed there, twice with another value.
void run_code_pages() {
    for (std::uint32_t page = 0; page < 2 * machine::code_pages; ++page) {
        const auto memory = paging_open_code(page % machine::code_pages);
        const unsigned code[] = {0xb8, page, 0, 0, 0, 0xc3};  // mov $page, %eax; ret
        for (std::size_t i = 0; i < std::size(code); ++i) memory[i] = std::byte(code[i]);
        const auto* const sealed = paging_seal_code(page % machine::code_pages);
        CHITIN_ASSERT(reinterpret_cast<std::uint32_t (*)()>(sealed)() == page);
    }
}

void audit(std::span<std::uint64_t, 512> root) {
    Audit audit;
    root[0] = text_window_entry();  // as every environment's root has it
    audit.table(root.data(), x86::levels, true, true);
    root[0] = 0;
    put("selftest: wx: ");
    put_decimal(audit.pages);
    put(" pages, ");
    put_decimal(audit.writable_executable);
    put(" writable and executable\n");
    if (audit.writable_executable != 0) panic("a page is writable and executable");
}

}  // namespace

namespace {

// Of the test, for the core that it runs on: `sources` lies on core 0's own stack.
constinit BootSources chosen{};

machine::Outcome run_chosen(machine::Core& core, const machine::BootInfo&) {
    const BootSources& sources = chosen;
    if (core.id().value != sources.option("core=", 0)) return {};
    if (sources.option_given("selftest=panic")) panic("selftest: a panic");
    if (sources.option_given("selftest=assert")) CHITIN_ASSERT(sources.ram_count == 0);
    if (sources.option_given("selftest=stack")) {
        volatile std::uint64_t seed = 1;
        put_decimal(overflow_stack(&seed));
    }
    if (sources.option_given("selftest=wx")) {
        run_code_pages();
        audit(kernel_root());
    }
    if (sources.option_given("selftest=sealed")) {
        run_code_pages();
        *const_cast<volatile std::byte*>(paging_seal_code(0)) = std::byte{0};
    }
    return {};
}

}  // namespace

void selftest(const BootSources& sources, const abi::CellRecord& cell) {
    machine::BootInfo boot{};
    boot.cell = &cell;
    chosen = sources;
    if (sources.option_given("selftest=cores")) return selftest_cores(boot);
    if (sources.option_given("selftest=disk")) return selftest_disk(cell);
    cores_run(run_chosen, boot);
}

}  // namespace kernel::bare
