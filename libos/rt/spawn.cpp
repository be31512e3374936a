#include "libos/rt/spawn.hpp"

#include "libos/rt/nursery.hpp"

namespace libos::rt {

namespace {

using kernel::abi::EnvInfo;
using kernel::abi::EnvState;
using kernel::abi::page_size;
using kernel::abi::stack_pages;
using kernel::abi::StartBlock;

// Where a child with that base finds its stack and its start block.
std::uint64_t stack_base(std::uint64_t base) { return base + kernel::abi::stack_offset; }
std::uint64_t start_address(std::uint64_t base) {
    return stack_base(base) + stack_pages * page_size - sizeof(StartBlock);
}

// The start block, at the end of the child's topmost stack page.
Result<void> write_start(Environment& environment, Slot top, const StartBlock& block) {
    const VirtAddr near = environment.space().scratch();
    TRY(environment.space().map(top, near, Rights::read | Rights::write));
    auto* bytes = reinterpret_cast<std::byte*>(near.value);
    __builtin_memcpy(bytes + page_size - sizeof block, &block, sizeof block);
    TRY(calls::unmap(top, 0));
    return {};
}

// Tables in the first slots, then the stack in the next, as the first environment has them.
Result<void> fill(Environment& environment, Nursery& nursery, std::uint64_t base,
                  const SpawnOptions& options) {
    std::uint32_t next = kernel::abi::slot_first_free.value;
    for (unsigned level = 3; level >= 1; --level) {
        TRY(nursery.install(VirtAddr{stack_base(base)}, level, Slot{next++}));
    }
    StartBlock block{};
    block.info = environment.start().info;
    block.space_base = base;
    block.env_record = options.env_record;
    block.first_free_slot = next + stack_pages;
    block.table_frames = 1;
    block.seed = environment.start().seed;
    block.argument = options.argument;
    for (std::uint64_t page = 0; page < stack_pages; ++page) {
        const Slot slot = TRY(nursery.allocate());
        if (page == stack_pages - 1) TRY(write_start(environment, slot, block));
        TRY(nursery.hand_over(slot, Slot{next}));
        const VirtAddr address{stack_base(base) + page * page_size};
        TRY(nursery.map(Slot{next++}, address, Rights::read | Rights::write));
    }
    return nursery.grant_basics(options);
}

}  // namespace

Result<Child> spawn(Environment& environment, const SpawnOptions& options) {
    const auto entry = environment.info().entry_of(options.program);
    if (!entry) return kernel::base::error(Status::bad_argument);
    Nursery nursery{environment};
    TRY(nursery.open(options.limit_frames, options.guarantee_frames));
    const Child child = nursery.child();
    const std::uint64_t base = environment.info().system().window_base +
                               child.id.value * kernel::abi::space_slot_size;
    const auto filled = [&]() -> Result<void> {
        TRY(fill(environment, nursery, base, options));
        const std::uint64_t block = start_address(base);
        TRY(calls::env_start(child.env, *entry, VirtAddr{block - 8}, block));
        return {};
    }();
    if (filled.has_value()) return child;
    destroy(environment, child);
    return kernel::base::error(filled.error());
}

SpawnOptions options_of(Environment& environment, std::uint32_t env_record) {
    const kernel::abi::EnvRecord* record = environment.info().env_record(env_record);
    CHITIN_ASSERT(record != nullptr);
    const std::uint32_t pool = environment.info().system().pool_frames;
    const std::uint32_t limit = record->limit_frames != 0 ? record->limit_frames : pool;
    return {.program = InfoWindow::name_of(record->program),
            .limit_frames = limit,
            .guarantee_frames = record->guarantee_frames,
            .env_record = env_record,
            .account_rights = limit < pool ? Rights::allocate : Rights::all};
}

bool ended(Environment& environment, const Child& child) {
    const volatile EnvInfo& info = environment.info().env(child.id);
    return info.state == EnvState::ended || info.state == EnvState::none;
}

std::uint32_t wait(Environment& environment, const Child& child) {
    environment.upcalls().wait(kernel::abi::never, [&] { return ended(environment, child); });
    const EnvInfo& info = environment.info().env(child.id);
    return info.reason == kernel::abi::EndReason::exited ? info.exit_code : exit_panic;
}

void destroy(Environment& environment, const Child& child) {
    environment.must(calls::env_destroy(child.env), "destroying an environment");
    environment.space().give_slot(child.env);
    environment.must(calls::cap_delete(child.account), "closing an account");
    environment.space().give_slot(child.account);
}

}  // namespace libos::rt
