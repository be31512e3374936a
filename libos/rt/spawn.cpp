#include "libos/rt/spawn.hpp"

namespace libos::rt {

namespace {

using kernel::abi::EnvInfo;
using kernel::abi::EnvState;
using kernel::abi::page_size;
using kernel::abi::stack_pages;
using kernel::abi::StartBlock;

// A child while it is being made.
class Nursery {
public:
    Nursery(Environment& environment, const SpawnOptions& options)
        : environment_{environment}, space_{environment.space()}, options_{options} {}

    Result<Child> make(std::uint64_t entry);

private:
    Result<void> open_account();
    Result<void> create();
    Result<Slot> hand_over(Slot slot);
    Result<void> install_tables();
    Result<void> map_stack();
    Result<void> write_start(Slot top);
    Result<void> grant();
    std::uint64_t stack_base() const { return base_ + kernel::abi::stack_offset; }
    std::uint64_t start_address() const {
        return stack_base() + stack_pages * page_size - sizeof(StartBlock);
    }

    Environment& environment_;
    Space& space_;
    const SpawnOptions& options_;
    Child child_{};
    std::uint64_t base_ = 0;
    std::uint32_t next_slot_ = kernel::abi::slot_first_free.value;
};

Result<void> Nursery::open_account() {
    const Slot frame = TRY(space_.allocate());
    const auto opened = calls::account_create(kernel::abi::slot_account, frame,
                                              options_.limit_frames, options_.guarantee_frames);
    if (!opened.has_value()) {
        space_.release(frame);
        return kernel::base::error(opened.error());
    }
    child_.account = frame;
    return {};
}

Result<void> Nursery::create() {
    Slot frames[3];
    unsigned count = 0;
    Status status = Status::ok;
    for (; count < 3 && status == Status::ok; ++count) {
        const auto slot = space_.allocate(kernel::abi::any_frame, child_.account);
        if (!slot.has_value()) {
            status = slot.error();
            break;
        }
        frames[count] = *slot;
    }
    if (status == Status::ok) {
        const auto id = calls::env_create(child_.account, frames[0], frames[1], frames[2]);
        if (id.has_value()) {
            child_.env = frames[0];
            child_.id = *id;
            space_.give_slot(frames[1]);
            space_.give_slot(frames[2]);
            return {};
        }
        status = id.error();
    }
    while (count-- > 0) space_.release(frames[count]);
    return kernel::base::error(status);
}

// Moves a frame to the child's next slot: the child has the only capability then.
Result<Slot> Nursery::hand_over(Slot slot) {
    const Slot its{next_slot_++};
    const auto granted = calls::cap_grant(child_.env, slot, its, Rights::all);
    space_.release(slot);
    if (!granted.has_value()) return kernel::base::error(granted.error());
    return its;
}

Result<void> Nursery::install_tables() {
    for (unsigned level = 3; level >= 1; --level) {
        const Slot table =
            TRY(hand_over(TRY(space_.allocate(kernel::abi::any_frame, child_.account))));
        const calls::Answer answer =
            calls::table_install(table, VirtAddr{stack_base()}, level, child_.env);
        if (answer.status != Status::ok) return kernel::base::error(answer.status);
    }
    return {};
}

Result<void> Nursery::map_stack() {
    for (std::uint64_t page = 0; page < stack_pages; ++page) {
        const Slot slot = TRY(space_.allocate(kernel::abi::any_frame, child_.account));
        if (page == stack_pages - 1) TRY(write_start(slot));
        const Slot its = TRY(hand_over(slot));
        const VirtAddr address{stack_base() + page * page_size};
        const calls::Answer answer =
            calls::map(its, address, Rights::read | Rights::write, child_.env);
        if (answer.status != Status::ok) return kernel::base::error(answer.status);
    }
    return {};
}

// The start block, written through a mapping of the parent's that lasts only for that.
Result<void> Nursery::write_start(Slot top) {
    const VirtAddr near{space_.base() + runtime_offset + page_size};
    TRY(space_.map(top, near, Rights::read | Rights::write));
    StartBlock block{};
    block.info = environment_.start().info;
    block.space_base = base_;
    block.env_record = options_.env_record;
    block.first_free_slot = next_slot_ + 1;
    block.table_frames = 1;
    block.seed = environment_.start().seed;
    block.argument = options_.argument;
    auto* bytes = reinterpret_cast<std::byte*>(near.value);
    __builtin_memcpy(bytes + page_size - sizeof block, &block, sizeof block);
    TRY(calls::unmap(top, 0));
    return {};
}

Result<void> Nursery::grant() {
    TRY(calls::cap_grant(child_.env, child_.account, kernel::abi::slot_account,
                         options_.account_rights));
    TRY(calls::cap_grant(child_.env, kernel::abi::slot_console, kernel::abi::slot_console,
                         options_.console_rights));
    return {};
}

Result<Child> Nursery::make(std::uint64_t entry) {
    TRY(open_account());
    const auto created = create();
    if (!created.has_value()) {
        space_.release(child_.account);
        return kernel::base::error(created.error());
    }
    base_ = environment_.info().system().window_base +
            child_.id.value * kernel::abi::space_slot_size;
    const auto filled = [this, entry]() -> Result<void> {
        TRY(install_tables());
        TRY(map_stack());
        TRY(grant());
        TRY(calls::env_start(child_.env, entry, VirtAddr{start_address() - 8}, start_address()));
        return {};
    }();
    if (filled.has_value()) return child_;
    destroy(environment_, child_);
    return kernel::base::error(filled.error());
}

}  // namespace

Result<Child> spawn(Environment& environment, const SpawnOptions& options) {
    const auto entry = environment.info().entry_of(options.program);
    if (!entry) return kernel::base::error(Status::bad_argument);
    return Nursery{environment, options}.make(*entry);
}

SpawnOptions options_of(Environment& environment, std::uint32_t env_record) {
    const kernel::abi::EnvRecord* record = environment.info().env_record(env_record);
    CHITIN_ASSERT(record != nullptr);
    const std::uint32_t limit = record->limit_frames != 0
                                    ? record->limit_frames
                                    : environment.info().system().pool_frames;
    return {.program = InfoWindow::name_of(record->program),
            .limit_frames = limit,
            .guarantee_frames = record->guarantee_frames,
            .env_record = env_record};
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
