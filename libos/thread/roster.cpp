#include "libos/thread/roster.hpp"

namespace libos::thread {

namespace {

using kernel::abi::page_size;
using kernel::abi::VirtAddr;

template <class T>
std::span<T> must_have(rt::Environment& env, std::size_t count) {
    const std::span<T> all = env.heap().array<T>(count);
    if (all.size() != count) env.panic("no memory for ", count, " threads");
    return all;
}

}  // namespace

Roster::Roster(rt::Environment& env, std::uint32_t threads, std::uint64_t stack_pages)
    : env_{env},
      stack_pages_{stack_pages},
      stacks_{env.space().reserve(threads * (stack_pages + 1)).value},
      threads_{must_have<Thread>(env, threads)},
      arena_{must_have<std::byte>(env, sched::TaskLinks::bytes(threads))},
      links_{arena_, threads} {
    CHITIN_ASSERT(threads > 0 && stack_pages > 0);
    for (std::uint32_t i = 1; i < threads; ++i) links_.push_back(free_, TaskId{i});
    Thread& main = threads_[0];
    main.state = ThreadState::runnable;
    main.name = "main";
    main.stack_top = env.start().space_base + kernel::abi::stack_offset +
                     kernel::abi::stack_pages * page_size;
}

Result<TaskId> Roster::take() {
    if (free_.empty()) return kernel::base::error(kernel::abi::Status::over_limit);
    const TaskId id = free_.front;
    Thread& thread = (*this)[id];
    if (thread.stack_top == 0) {
        const std::uint64_t stride = stack_bytes() + page_size;
        const std::uint64_t bottom = stacks_ + sched::position(id) * stride + page_size;
        TRY(env_.space().map_new(VirtAddr{bottom}, stack_pages_));
        thread.stack_top = bottom + stack_bytes();
    }
    links_.erase(free_, id);
    return id;
}

void Roster::give_back(TaskId id) {
    const std::uint64_t stack_top = (*this)[id].stack_top;
    (*this)[id] = {};
    (*this)[id].stack_top = stack_top;
    links_.push_front(free_, id);
}

bool Roster::room_below(TaskId id, std::uint64_t stack_pointer, std::uint64_t bytes) {
    const std::uint64_t size =
        id == main_thread ? kernel::abi::stack_pages * page_size : stack_bytes();
    const std::uint64_t bottom = (*this)[id].stack_top - size;
    return stack_pointer >= bottom + bytes && stack_pointer <= (*this)[id].stack_top;
}

void Roster::report_waiting() {
    for (std::uint32_t i = 0; i < size(); ++i) {
        const Thread& thread = threads_[i];
        rt::Text text;
        text.add("  thread ").add(i).add(" (").add(thread.name).add(") ");
        if (thread.state == ThreadState::between_jobs) {
            text.add("waits for a job");
        } else if (thread.state == ThreadState::waiting) {
            text.add("waits for ").add(thread.reason.kind).add(" ").add(thread.reason.name);
            if (const TaskId holder = thread.reason.holder; holder != no_task) {
                text.add(", held by thread ").add(sched::position(holder)).add(" (");
                text.add((*this)[holder].name).add(")");
            }
        } else {
            continue;
        }
        text.put('\n');
        env_.print(text.view());
    }
}

}  // namespace libos::thread
