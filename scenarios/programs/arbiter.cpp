// arbiter: a root environment that shares the machine's memory among the libOSes it starts.
//
// It watches true state in the info window, asks for frames by visible revocation with a
// deadline, sees what each returns and what the kernel had to take, gives the memory back, and
// asks again. At the end it checks conservation: every frame is free or its own.
#include "libos/rt/program.hpp"
#include "libos/rt/spawn.hpp"

namespace {

using kernel::abi::EnvInfo;
using kernel::abi::FrameState;
using kernel::abi::Instant;
using libos::rt::Child;
using libos::rt::Environment;
using libos::rt::InfoWindow;
using libos::rt::ParameterKind;
namespace calls = libos::rt::calls;

constexpr libos::rt::Parameter parameters[] = {
    {"limit", ParameterKind::integer, "640", "frames of each libOS that states none", 128, 1 << 20},
    {"guarantee", ParameterKind::integer, "192", "of them, guaranteed", 0, 1 << 20},
    {"take", ParameterKind::integer, "192", "frames asked back from each, each round", 1, 1 << 20},
    {"rounds", ParameterKind::integer, "3", "how often it squeezes", 0, 1000},
    {"deadline_ms", ParameterKind::integer, "60", "virtual ms to answer", 1, 1'000'000},
    {"pause_ms", ParameterKind::integer, "40", "virtual ms of peace between rounds", 1, 1'000'000},
};

constexpr std::uint32_t tenants_max = kernel::abi::cell_envs_max;
constexpr std::uint64_t look_ns = 500'000;  // how often it looks during a squeeze

struct Tenant {
    std::uint32_t record;
    Child child;
    std::uint32_t limit;
    std::uint32_t guarantee;
    std::uint32_t target = 0;
    bool asked = false;
    bool met = false;
    std::uint64_t answered_ns = 0;  // all rounds together
    std::uint32_t answers = 0;
};

class Arbiter {
public:
    explicit Arbiter(Environment& env) : env_{env} {}

    bool start();
    void squeeze();
    std::uint32_t finish();
    bool conserved();

private:
    std::uint64_t argument(std::string_view name) const {
        return static_cast<std::uint64_t>(env_.arguments().integer(name));
    }
    const volatile EnvInfo& info(const Tenant& tenant) const {
        return env_.info().env(tenant.child.id);
    }
    bool alive(const Tenant& tenant) const { return !libos::rt::ended(env_, tenant.child); }
    void sleep_until(Instant when) { env_.upcalls().wait(when, [] { return false; }); }
    void ask(Tenant& tenant, Instant deadline);
    void look(Instant begun);
    void restore(Tenant& tenant);
    void report(const Tenant& tenant, std::uint32_t code);

    Environment& env_;
    Tenant tenants_[tenants_max] = {};
    std::uint32_t count_ = 0;
};

bool Arbiter::start() {
    for (std::uint32_t i = 1; i < env_.info().own_records(); ++i) {
        const std::uint32_t own = env_.info().own_record(i);
        auto options = libos::rt::options_of(env_, own);
        const auto* record = env_.info().env_record(own);
        if (record->limit_frames == 0) {
            options.limit_frames = static_cast<std::uint32_t>(argument("limit"));
        }
        if (record->guarantee_frames == 0) {
            const auto wanted = static_cast<std::uint32_t>(argument("guarantee"));
            options.guarantee_frames =
                wanted < options.limit_frames ? wanted : options.limit_frames;
        }
        options.account_rights = libos::rt::Rights::allocate;  // no one raises a limit but this
        const auto child = libos::rt::spawn(env_, options);
        if (!child.has_value()) {
            env_.say("arbiter: ", InfoWindow::name_of(record->name), " does not start: ",
                     libos::rt::status_name(child.error()));
            return false;
        }
        tenants_[count_++] = {.record = own,
                              .child = *child,
                              .limit = options.limit_frames,
                              .guarantee = options.guarantee_frames};
    }
    return true;
}

// Never for what is guaranteed. Lowers the limit first, so that what is returned stays so.
void Arbiter::ask(Tenant& tenant, Instant deadline) {
    tenant.asked = false;
    if (!alive(tenant)) return;
    const std::uint32_t used = info(tenant).frames_used;
    const std::uint32_t loose = used > tenant.guarantee ? used - tenant.guarantee : 0;
    const auto wanted = static_cast<std::uint32_t>(argument("take"));
    const std::uint32_t take = wanted < loose ? wanted : loose;
    if (take == 0) return;
    tenant.target = used - take;
    env_.must(calls::account_limit(tenant.child.account, tenant.target, tenant.guarantee),
              "lowering a limit");
    env_.must(calls::account_revoke(tenant.child.account, take, deadline), "asking for frames");
    tenant.asked = true;
    tenant.met = false;
}

void Arbiter::look(Instant begun) {
    const std::uint64_t now = env_.now().value;
    for (std::uint32_t i = 0; i < count_; ++i) {
        Tenant& tenant = tenants_[i];
        if (!tenant.asked || tenant.met || info(tenant).frames_used > tenant.target) continue;
        tenant.met = true;
        tenant.answered_ns += now - begun.value;
        ++tenant.answers;
    }
}

void Arbiter::restore(Tenant& tenant) {
    if (!tenant.asked) return;
    env_.must(calls::account_limit(tenant.child.account, tenant.limit, tenant.guarantee),
              "raising a limit");
}

void Arbiter::squeeze() {
    const std::uint64_t pause_ns = argument("pause_ms") * 1'000'000;
    const std::uint64_t deadline_ns = argument("deadline_ms") * 1'000'000;
    for (std::uint64_t round = 0; round < argument("rounds"); ++round) {
        sleep_until(Instant{env_.now().value + pause_ns});
        const Instant begun = env_.now();
        const Instant deadline{begun.value + deadline_ns};
        for (std::uint32_t i = 0; i < count_; ++i) ask(tenants_[i], deadline);
        while (env_.now() < deadline) {
            sleep_until(Instant{env_.now().value + look_ns});
            look(begun);
        }
        sleep_until(Instant{env_.now().value + look_ns});  // the kernel has taken what it takes
        look(begun);
        for (std::uint32_t i = 0; i < count_; ++i) restore(tenants_[i]);
    }
}

void Arbiter::report(const Tenant& tenant, std::uint32_t code) {
    const volatile EnvInfo& info = this->info(tenant);
    libos::rt::JsonLine line;
    line.add("tenant", InfoWindow::name_of(env_.info().env_record(tenant.record)->name))
        .add("exit_code", code)
        .add("answers", tenant.answers)
        .add("answer_us_mean",
             tenant.answers == 0 ? 0 : tenant.answered_ns / tenant.answers / 1000)
        .add("released", std::uint64_t{info.released})
        .add("repossessed", std::uint64_t{info.repossessed});
    env_.report(line);
}

std::uint32_t Arbiter::finish() {
    std::uint32_t worst = 0;
    for (std::uint32_t i = 0; i < count_; ++i) {
        const std::uint32_t code = libos::rt::wait(env_, tenants_[i].child);
        report(tenants_[i], code);
        if (code > worst) worst = code;
    }
    for (std::uint32_t i = 0; i < count_; ++i) libos::rt::destroy(env_, tenants_[i].child);
    return worst;
}

// With everybody gone, each frame of the pool is free, the kernel's, or charged to this one.
bool Arbiter::conserved() {
    const auto& system = env_.info().system();
    const auto own = calls::cap_identify(kernel::abi::slot_account);
    std::uint32_t free = 0, kernel = 0, mine = 0;
    for (std::uint32_t i = 0; i < system.pool_frames; ++i) {
        const auto& frame =
            env_.info().frame(kernel::abi::FrameNumber{system.pool_first.value + i});
        if (frame.state == FrameState::free) {
            ++free;
        } else if (frame.state == FrameState::kernel) {
            ++kernel;
        } else if (own.has_value() && frame.account == own->object) {
            ++mine;
        }
    }
    const bool whole = free + kernel + mine == system.pool_frames;
    libos::rt::JsonLine line;
    line.add("frames_free", free)
        .add("frames_kernel", kernel)
        .add("frames_own", mine)
        .add("conserved", whole && free == system.free_frames);
    env_.report(line);
    return whole && free == system.free_frames;
}

int run(Environment& env) {
    Arbiter arbiter{env};
    const bool started = arbiter.start();
    if (started) arbiter.squeeze();
    const std::uint32_t worst = arbiter.finish();
    const bool conserved = arbiter.conserved();
    if (!started) return libos::rt::exit_panic;
    return conserved ? static_cast<int>(worst) : 1;
}

}  // namespace

CHITIN_PROGRAM(arbiter, "Root: starts libOSes, takes frames back and gives them again.",
               parameters, run)
