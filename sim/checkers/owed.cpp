#include "sim/checkers/owed.hpp"

#include <functional>

#include "kernel/abi/upcall.hpp"
#include "sim/checkers/environments.hpp"

namespace sim::checkers {

namespace {

// The kernel's view of the page, where it lies in the pool that is looked at.
const kernel::abi::UpcallPage* page_of(std::span<const std::byte> pool,
                                       const kernel::env::Env& env) {
    const auto* page = reinterpret_cast<const std::byte*>(env.page);
    const std::less_equal<const std::byte*> before;
    const bool inside = page != nullptr && pool.size() >= kernel::abi::page_size &&
                        before(pool.data(), page) &&
                        before(page, pool.data() + pool.size() - kernel::abi::page_size);
    return inside ? env.page : nullptr;
}

const char* owed_to(std::span<const std::byte> pool, const kernel::env::Env& env) {
    if (env.wake.value == 0) return nullptr;  // it was told, and goes on at once
    if (env.pending.bits != 0) return " sleeps, and an upcall waits for it in the kernel";
    if (env.woken) return " sleeps, and was woken before";
    const auto* page = page_of(pool, env);
    if (page != nullptr && page->pending != 0) return " sleeps, and an upcall waits in its page";
    return nullptr;
}

}  // namespace

std::string verify_owed(std::span<const std::byte> pool) {
    std::string found;
    const auto* system =
        frame_as<kernel::abi::SystemInfo>(pool, kernel::machine::pool_first);
    each_environment(pool, [&](std::uint32_t core, std::uint32_t id,
                               const kernel::abi::EnvInfo& info) {
        if (info.state != kernel::abi::EnvState::parked || !found.empty()) return;
        const auto* env = object_of(pool, info, id);
        const char* what = env == nullptr ? nullptr : owed_to(pool, *env);
        if (what != nullptr) found = environment_name(core, id, system->cores > 1) + what;
    });
    return found;
}

}  // namespace sim::checkers
