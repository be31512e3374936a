// cow: trees of copy-on-write forks, made wholly by the libOS.
//
// The parent fills memory and forks children, which fork again down to `depth`. Each writes its
// share of the pages, sees what its parent had left in the others, and must not see what any
// relative writes afterwards. At the end the parent writes every page: those that nobody shares
// any more are reclaimed without a copy. Copying all pages at once is measured beside a fork's
// sharing of them.
#include <cstring>

#include "libos/rt/program.hpp"
#include "libos/vm/cow_region.hpp"

namespace {

using libos::rt::Environment;
using libos::rt::ParameterKind;
using libos::rt::Rights;
using libos::vm::CowRegion;
namespace calls = libos::rt::calls;

constexpr libos::rt::Parameter parameters[] = {
    {"children", ParameterKind::integer, "2", "children of each parent", 0, 8},
    {"depth", ParameterKind::integer, "2", "generations below the first", 0, 4},
    {"pages", ParameterKind::integer, "128", "pages of memory that are shared", 1, 4096},
    {"write_percent", ParameterKind::integer, "25", "of the pages, written by each child", 0, 100},
};

constexpr std::uint32_t children_max = 8;
constexpr std::uint32_t violations_shown_max = 100;

// One member of the family. `value[page]` is what this one must find there.
class Member {
public:
    Member(Environment& env, CowRegion& region, std::span<std::uint64_t> values)
        : env_{env}, region_{region}, values_{values} {}

    void write(std::uint32_t page) {
        const std::uint64_t value = (generation_ << 48 | lineage_ << 32 | page) + 1;
        *word(page) = value;
        values_[page] = value;
    }
    void check() {
        for (std::uint32_t page = 0; page < values_.size(); ++page) {
            if (*word(page) != values_[page]) ++violations_;
        }
    }
    // Forks `children` more and waits for them; in each, goes on one generation down.
    void raise_family(std::uint64_t depth);
    std::uint64_t violations() const { return violations_; }
    std::uint64_t fork_ns_mean() const { return forks_ == 0 ? 0 : fork_ns_ / forks_; }
    std::uint64_t share_ns_mean() const {
        return forks_ == 0 ? 0 : region_.counts().share_ns / forks_;
    }
    bool first() const { return generation_ == 0; }
    void report();

private:
    volatile std::uint64_t* word(std::uint32_t page) {
        return reinterpret_cast<volatile std::uint64_t*>(region_.page(page));
    }
    void write_share();
    void be_child(std::uint64_t number);

    Environment& env_;
    CowRegion& region_;
    std::span<std::uint64_t> values_;
    std::uint64_t generation_ = 0;
    std::uint64_t lineage_ = 0;
    std::uint64_t violations_ = 0;
    std::uint64_t fork_ns_ = 0;
    std::uint64_t forks_ = 0;
};

void Member::write_share() {
    const auto percent = static_cast<std::uint64_t>(env_.arguments().integer("write_percent"));
    for (std::uint32_t page = 0; page < values_.size(); ++page) {
        if ((page * 37u + lineage_ * 11u) % 100 < percent) write(page);
    }
}

void Member::be_child(std::uint64_t number) {
    ++generation_;
    lineage_ = lineage_ * children_max + number + 1;
    fork_ns_ = 0;
    forks_ = 0;
    libos::rt::JsonLine line;
    libos::rt::Text name;
    name.add("cow/").add(generation_).add("/").add(lineage_);
    line.add("env", name.view());
    env_.report(line);
    check();
    write_share();
    check();
}

void Member::raise_family(std::uint64_t depth) {
    libos::rt::Child children[children_max];
    std::uint32_t count = 0;
    const auto wanted = static_cast<std::uint32_t>(env_.arguments().integer("children"));
    for (std::uint32_t i = 0; depth > 0 && i < wanted; ++i) {
        const std::uint64_t before = env_.now().value;
        const auto fork = region_.fork(env_.info().system().pool_frames);
        if (!fork.has_value()) env_.panic("fork: ", libos::rt::status_name(fork.error()));
        if (fork->in_child) {
            be_child(i);
            --depth;
            count = 0;
            i = ~std::uint32_t{0};  // its own children, from the first
            continue;
        }
        fork_ns_ += env_.now().value - before;
        ++forks_;
        children[count++] = fork->child;
        write(i % static_cast<std::uint32_t>(values_.size()));
        check();
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t code = libos::rt::wait(env_, children[i]);
        violations_ += code;
        libos::rt::destroy(env_, children[i]);
        check();
    }
}

void Member::report() {
    const auto& counts = region_.counts();
    libos::rt::JsonLine line;
    line.add("pages", values_.size())
        .add("forks", forks_)
        .add("fork_ns_mean", fork_ns_mean())
        .add("shared", counts.shared)
        .add("copied", counts.copied)
        .add("reclaimed", counts.reclaimed)
        .add("zero_filled", counts.zero_filled)
        .add("runtime_pages_copied", counts.eager)
        .add("faults", env_.own_info().faults)
        .add("violations", violations_);
    env_.report(line);
}

// What copying the region's pages at a fork would take.
std::uint64_t eager_ns(Environment& env, CowRegion& region, std::uint32_t pages) {
    auto& space = env.space();
    const std::uint64_t before = env.now().value;
    for (std::uint32_t page = 0; page < pages; ++page) {
        const auto slot = env.must(space.allocate(), "a page");
        env.must(space.map(slot, space.scratch(), Rights::read | Rights::write), "mapping it");
        std::memcpy(reinterpret_cast<void*>(space.scratch().value), region.page(page),
                    kernel::abi::page_size);
        env.must(calls::unmap(slot, 0), "unmapping it");
        space.release(slot);
    }
    return env.now().value - before;
}

int run(Environment& env) {
    const auto pages = static_cast<std::uint32_t>(env.arguments().integer("pages"));
    CowRegion region{env, pages};
    const auto values = env.heap().array<std::uint64_t>(pages);
    if (values.size() != pages) env.panic("no memory to remember ", pages, " pages");
    env.must(region.begin(), "making the region");
    Member member{env, region, values};
    for (std::uint32_t page = 0; page < pages; ++page) member.write(page);
    member.raise_family(static_cast<std::uint64_t>(env.arguments().integer("depth")));
    for (std::uint32_t page = 0; page < pages; ++page) member.write(page);
    member.check();
    member.report();
    if (member.first()) {
        libos::rt::JsonLine line;
        line.add("pages_ns_shared", member.share_ns_mean())
            .add("pages_ns_copied_at_once", eager_ns(env, region, pages));
        env.report(line);
    }
    const std::uint64_t violations = member.violations();
    return static_cast<int>(violations < violations_shown_max ? violations : violations_shown_max);
}

}  // namespace

CHITIN_PROGRAM(cow, "Trees of copy-on-write forks, checked for isolation both ways.", parameters,
               run)
