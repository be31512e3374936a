// paging: which page-replacement policy survives the MMU?
//
// Replays a recorded trace over a pager of this program's own: each reference is a real load or
// store of a page of the region, each page carries a signature that is checked. View
// `references` tells the policy every reference; its misses are exactly those of the policy on
// the trace. View `accessed-bits` tells it what the page table's bits and the faults tell.
#include "libos/policy/list.hpp"
#include "libos/rt/program.hpp"
#include "libos/vm/pager.hpp"
#include "libos/vm/trace_image.hpp"
#include "scenarios/programs/marked_pages.hpp"

namespace {

using libos::rt::Environment;
using libos::rt::ParameterKind;
using libos::vm::Pager;
using libos::vm::PagerOptions;
using libos::vm::TraceImage;
using libos::vm::View;
using scenarios::programs::MarkedPages;

constexpr libos::rt::Parameter parameters[] = {
    {"trace", ParameterKind::trace, "", "the memory trace to replay"},
    {"policy", ParameterKind::policy, "lru", "the replacement policy"},
    {"frames", ParameterKind::integer, "256", "page frames the pager may use", 1, 1 << 20},
    {"view", ParameterKind::choice, "references", "what the policy sees", 0, 0,
     "references accessed-bits"},
    {"harvest", ParameterKind::integer, "0",
     "faults between two readings of the accessed bits; 0: a quarter of the frames", 0, 1 << 30},
    {"read_ns", ParameterKind::integer, "20000", "virtual ns to read a page back in", 0,
     1'000'000'000},
    {"write_ns", ParameterKind::integer, "20000", "virtual ns to write a page back", 0,
     1'000'000'000},
};

PagerOptions options_of(Environment& env, const TraceImage& trace) {
    const auto number = [&env](std::string_view name) {
        return static_cast<std::uint32_t>(env.arguments().integer(name));
    };
    const bool every = env.arguments().text("view") == "references";
    return {.pages = trace.pages(),
            .frames = number("frames"),
            .frames_max = number("frames"),
            .view = every ? View::every_reference : View::accessed_bits,
            .harvest = number("harvest"),
            .seed = env.start().seed};
}

template <class P>
void replay(const TraceImage& trace, Pager<P, MarkedPages>& pager, MarkedPages& pages) {
    for (std::uint64_t i = 0; i < trace.references(); ++i) {
        const std::uint32_t page = trace.page(i);
        const bool write = trace.write(i);
        pager.reference(page, write, trace.next_use(i));
        if (write) {
            pages.store(page, pager.page(page));
        } else {
            pages.load(page, pager.page(page));
        }
        asm volatile("" ::: "memory");  // a fault changed the pager's state
    }
}

template <class P>
int run_with(Environment& env, const TraceImage& trace, MarkedPages& pages) {
    const PagerOptions options = options_of(env, trace);
    const std::size_t bytes = Pager<P, MarkedPages>::bytes(options);
    const std::span<std::byte> memory = env.heap().array<std::byte>(bytes);
    if (memory.empty()) env.panic("no memory for the pager's tables: ", bytes, " bytes");
    kernel::base::Arena arena{memory};
    Pager<P, MarkedPages> pager{env, pages, arena, options};
    env.must(pager.begin(), "making the region's page tables");
    const std::uint64_t before = env.now().value;
    const std::uint64_t faults_before = env.own_info().faults;
    replay(trace, pager, pages);
    const std::uint64_t time_ns = env.now().value - before;
    const auto& counts = pager.counts();
    libos::rt::JsonLine line;
    line.add("policy", P::name)
        .add("view", env.arguments().text("view"))
        .add("frames", options.frames)
        .add("references", trace.references())
        .add("pages", trace.pages())
        .add("misses", counts.misses)
        .add("first_misses", counts.first)
        .add("faults", env.own_info().faults - faults_before)
        .add("evictions", counts.evictions)
        .add("writebacks", counts.writebacks)
        .add("harvests", counts.harvests)
        .add("time_ns", time_ns)
        .add("wrong_pages", pages.wrong())
        .add("stale_pages", pages.stale());
    env.report(line);
    return pages.wrong() == 0 && pages.stale() == counts.lost ? 0 : 1;
}

int run(Environment& env) {
    const auto trace = TraceImage::read(env.module("trace"));
    if (!trace) env.panic("the trace is not well-formed");
    const auto number = [&env](std::string_view name) {
        return static_cast<std::uint64_t>(env.arguments().integer(name));
    };
    const auto saved = env.heap().array<std::uint32_t>(trace->pages());
    const auto written = env.heap().array<std::uint32_t>(trace->pages());
    if (saved.size() != trace->pages() || written.size() != trace->pages()) {
        env.panic("no memory to remember ", trace->pages(), " pages");
    }
    MarkedPages pages{saved, written, {number("read_ns"), number("write_ns")}};
    int code = libos::rt::exit_bad_arguments;
    const bool found =
        libos::policy::with_policy(env.arguments().text("policy"), [&](auto policy) {
            using P = typename decltype(policy)::type;
            code = run_with<P>(env, *trace, pages);
        });
    if (!found) env.say("paging: no policy is called ", env.arguments().text("policy"));
    return code;
}

}  // namespace

CHITIN_PROGRAM(paging, "Replays a memory trace over its own pager, with any policy and view.",
               parameters, run)
