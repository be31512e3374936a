// parallel: uneven work in a tree of tasks, shared out among all cores by work stealing.
//
// A range is halved until it is small; each number of a small range costs some virtual time, one
// in sixteen a hundred times as much. The members add up the numbers they met, so that each has to
// be met once and by one of them.
#include "libos/parallel/team.hpp"
#include "libos/rt/program.hpp"

namespace {

using libos::parallel::Task;
using libos::parallel::Team;
using libos::rt::Environment;
using libos::rt::Nanoseconds;
using libos::rt::ParameterKind;

constexpr libos::rt::Parameter parameters[] = {
    {"numbers", ParameterKind::integer, "4096", "how many numbers there are", 1, 1'000'000},
    {"grain", ParameterKind::integer, "16", "a range of that many is not halved", 1, 1'000'000},
    {"span", ParameterKind::integer, "1000", "ns of a cheap number", 0, 1'000'000},
};

// words: begin, end, grain | span << 32
enum : std::uint64_t { halve };

// The same for each run and core: a number's own.
std::uint64_t cost_of(std::uint64_t number, std::uint64_t span) {
    const std::uint64_t mixed = number * 0x9e37'79b9'7f4a'7c15;
    return mixed >> 60 == 0 ? 100 * span : span;
}

void work(Team& team, const Task& task) {
    const std::uint64_t begin = task.words[0];
    std::uint64_t end = task.words[1];
    const std::uint64_t grain = task.words[2] & 0xffff'ffff;
    while (end - begin > grain) {
        const std::uint64_t middle = begin + (end - begin) / 2;
        team.spawn({halve, {middle, end, task.words[2]}});
        end = middle;
    }
    std::uint64_t sum = 0;
    for (std::uint64_t number = begin; number < end; ++number) {
        team.env().compute(Nanoseconds{cost_of(number, task.words[2] >> 32)});
        sum += number;
    }
    team.mine().result += sum;
}

constexpr libos::parallel::Function functions[] = {work};

std::uint64_t work_in_all(std::uint64_t numbers, std::uint64_t span) {
    std::uint64_t total = 0;
    for (std::uint64_t number = 0; number < numbers; ++number) total += cost_of(number, span);
    return total;
}

int lead(Environment& env, Team& team) {
    const auto number = [&env](std::string_view name) {
        return static_cast<std::uint64_t>(env.arguments().integer(name));
    };
    const std::uint64_t numbers = number("numbers");
    const std::uint64_t span = number("span");
    const std::uint64_t begun = env.now().value;
    team.spawn({halve, {0, numbers, number("grain") | span << 32}});
    team.run();
    const std::uint64_t took = env.now().value - begun;
    std::uint64_t sum = 0;
    std::uint64_t stolen = 0;
    for (std::uint32_t core = 0; core < team.size(); ++core) {
        sum += team.member(core).result;
        stolen += team.member(core).stolen;
    }
    team.stop();
    const std::uint64_t all = work_in_all(numbers, span);
    libos::rt::JsonLine line;
    line.add("us", took / 1000)
        .add("speedup%", took == 0 ? 0 : 100 * all / took)
        .add("stolen", stolen)
        .add("correct", sum == numbers * (numbers - 1) / 2 ? 1 : 0);
    env.report(line);
    return sum == numbers * (numbers - 1) / 2 ? 0 : 1;
}

int run(Environment& env) {
    Team team{env, functions};
    if (team.leads()) return lead(env, team);
    team.run();
    return 0;
}

}  // namespace

CHITIN_PROGRAM(parallel, "Uneven tasks on all cores, by work stealing.", parameters, run)
