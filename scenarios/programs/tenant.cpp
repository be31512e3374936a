// tenant: a libOS that shares the machine's memory, and how it behaves when asked to give some
// back.
//
// It works on a set of pages larger than its memory, over a pager of its own, and counts what it
// gets done. Asked for frames by visible revocation,
//  - `cooperative` evicts and returns them at once;
//  - `selfish` returns exactly what was asked, as late as it dares;
//  - `deaf` does nothing: the kernel takes frames when the deadline has passed, written or not.
// Each writes to its pages and checks what comes back: `stale` counts writes that were lost.
#include "libos/policy/clock.hpp"
#include "libos/rt/program.hpp"
#include "libos/vm/pager.hpp"
#include "scenarios/programs/marked_pages.hpp"

namespace {

using kernel::abi::Instant;
using kernel::abi::Nanoseconds;
using kernel::abi::Upcall;
using libos::rt::Environment;
using libos::rt::ParameterKind;
using libos::vm::PagerOptions;
using scenarios::programs::MarkedPages;

using TenantPager = libos::vm::Pager<libos::policy::Clock<true>, MarkedPages>;

constexpr libos::rt::Parameter parameters[] = {
    {"manner", ParameterKind::choice, "cooperative", "how it answers revocation", 0, 0,
     "cooperative selfish deaf"},
    {"pages", ParameterKind::integer, "512", "pages it works on", 16, 1 << 20},
    {"frames", ParameterKind::integer, "384", "frames it would like to have", 8, 1 << 20},
    {"run_ms", ParameterKind::integer, "400", "virtual ms of machine time until it is done", 1,
     1'000'000},
    {"work_ns", ParameterKind::integer, "500", "virtual ns of work between two accesses", 1,
     1'000'000},
    {"read_ns", ParameterKind::integer, "20000", "virtual ns to read a page back in", 0,
     1'000'000'000},
    {"write_ns", ParameterKind::integer, "20000", "virtual ns to write a page back", 0,
     1'000'000'000},
};

enum class Manner : std::uint8_t { cooperative, selfish, deaf };

constexpr std::uint64_t accesses_per_batch = 16;
constexpr std::uint64_t batches_per_greed = 64;  // how often it tries to get memory back

class Tenant {
public:
    Tenant(Environment& env, MarkedPages& pages, TenantPager& pager, Manner manner)
        : env_{env}, pages_{pages}, pager_{pager}, manner_{manner}, random_{env.start().seed} {
        env_.upcalls().add(on_upcall, this);
    }
    ~Tenant() { env_.upcalls().remove(this); }

    // Works until the Instant `end`.
    void work(Instant end);

    std::uint64_t accesses() const { return accesses_; }
    std::uint64_t requests() const { return requests_; }

private:
    static bool on_upcall(void* self, const libos::rt::UpcallData& data) {
        if (data.kind != Upcall::revocation) return false;
        static_cast<Tenant*>(self)->asked(static_cast<std::uint32_t>(data.address),
                                          Instant{data.error});
        return true;
    }

    void asked(std::uint32_t frames, Instant deadline) {
        ++requests_;
        if (manner_ == Manner::cooperative) pager_.give_back(frames);
        if (manner_ == Manner::selfish) owed_ = {frames, deadline};
    }

    // The selfish one's last moment: time enough to write every page back, and for the others'
    // slices in between.
    void pay_late(Instant now) {
        if (owed_.frames == 0) return;
        const std::uint64_t effort = owed_.frames * std::uint64_t{30'000};
        const std::uint64_t margin = 4 * effort + 16 * env_.info().cell().slice_ns;
        if (now.value + margin < owed_.deadline.value) return;
        pager_.give_back(owed_.frames);
        owed_.frames = 0;
    }

    // Half the accesses go to an eighth of the pages; one in four writes.
    void access() {
        random_ = random_ * 6364136223846793005u + 1442695040888963407u;
        const auto draw = static_cast<std::uint32_t>(random_ >> 33);
        const auto all = static_cast<std::uint32_t>(env_.arguments().integer("pages"));
        const std::uint32_t page = (draw & 1) != 0 ? (draw >> 3) % (all / 8) : (draw >> 3) % all;
        if ((draw & 6) == 0) {
            pages_.store(page, pager_.page(page));
        } else {
            pages_.load(page, pager_.page(page));
        }
        asm volatile("" ::: "memory");  // a fault changed the pager's state
        ++accesses_;
    }

    struct Owed {
        std::uint32_t frames = 0;
        Instant deadline{};
    };

    Environment& env_;
    MarkedPages& pages_;
    TenantPager& pager_;
    Manner manner_;
    std::uint64_t random_;
    std::uint64_t accesses_ = 0;
    std::uint64_t requests_ = 0;
    Owed owed_;
};

void Tenant::work(Instant end) {
    const auto wanted = static_cast<std::uint32_t>(env_.arguments().integer("frames"));
    const auto pause = static_cast<std::uint64_t>(env_.arguments().integer("work_ns"));
    for (std::uint64_t batch = 1;; ++batch) {
        const Instant now = env_.now();
        if (now >= end) return;
        {
            libos::rt::Masked masked{env_.upcalls()};
            pay_late(now);
        }
        if (batch % batches_per_greed == 0) pager_.resize(wanted);
        for (std::uint64_t i = 0; i < accesses_per_batch; ++i) access();
        env_.compute(Nanoseconds{pause * accesses_per_batch});
    }
}

Manner manner_of(std::string_view name) {
    if (name == "selfish") return Manner::selfish;
    return name == "deaf" ? Manner::deaf : Manner::cooperative;
}

int run(Environment& env) {
    const auto number = [&env](std::string_view name) {
        return static_cast<std::uint64_t>(env.arguments().integer(name));
    };
    const auto page_count = static_cast<std::uint32_t>(number("pages"));
    const auto frames = static_cast<std::uint32_t>(number("frames"));
    const auto saved = env.heap().array<std::uint32_t>(page_count);
    const auto written = env.heap().array<std::uint32_t>(page_count);
    const PagerOptions options{.pages = page_count, .frames = frames, .frames_max = frames};
    const auto memory = env.heap().array<std::byte>(TenantPager::bytes(options));
    if (saved.empty() || written.empty() || memory.empty()) env.panic("no memory to begin with");
    MarkedPages pages{saved, written, {number("read_ns"), number("write_ns")}};
    kernel::base::Arena arena{memory};
    TenantPager pager{env, pages, arena, options};
    env.must(pager.begin(), "making the region's page tables");
    Tenant tenant{env, pages, pager, manner_of(env.arguments().text("manner"))};
    tenant.work(Instant{number("run_ms") * 1'000'000});

    const auto& info = env.own_info();
    const auto& counts = pager.counts();
    libos::rt::JsonLine line;
    line.add("manner", env.arguments().text("manner"))
        .add("accesses", tenant.accesses())
        .add("misses", counts.misses)
        .add("writebacks", counts.writebacks)
        .add("requests", tenant.requests())
        .add("given_back", counts.given_back)
        .add("taken_pages", counts.lost)
        .add("lost_writes", pages.stale())
        .add("wrong_pages", pages.wrong())
        .add("frames", pager.frames())
        .add("released", info.released)
        .add("repossessed", info.repossessed);
    env.report(line);
    return pages.wrong() == 0 && (pages.stale() == 0 || counts.lost != 0) ? 0 : 1;
}

}  // namespace

CHITIN_PROGRAM(tenant, "Works over a pager, and answers revocation in one of three manners.",
               parameters, run)
