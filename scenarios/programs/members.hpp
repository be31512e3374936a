// Members: whom a governor governs: read from its argument `members`, checked, started, buried.
//
// What a member is entitled to is its governor's to say, so any program can be one, another
// governor too: that is how hierarchies come about.
//
// Invariants, checked before anything starts: each environment of a core but the root is a member
// of exactly one governor, and stands behind it in the scenario; hence there are no circles.
#pragma once

#include "libos/rt/spawn.hpp"
#include "libos/sched/list.hpp"
#include "scenarios/programs/neighbours.hpp"
#include "scenarios/programs/reservation.hpp"
#include "scenarios/programs/scheduler_choices.hpp"
#include "scenarios/programs/terms.hpp"

namespace scenarios::programs {

using libos::rt::Environment;
using libos::rt::InfoWindow;
using libos::rt::ParameterKind;
using libos::rt::Rights;

inline constexpr libos::rt::Parameter governor_parameters[] = {
    {"scheduler", ParameterKind::choice, "stride", "who gets the next slice", 0, 0,
     scheduler_choices},
    {"members", ParameterKind::text, "all",
     "names and terms (scenarios/README.md), or all of the core by their argument `share`"},
    {"slice_us", ParameterKind::integer, "200", "length of a slice", 1, 1'000'000},
    {"windows", ParameterKind::integer, "8", "how often it looks", 1, 1000},
    {"window_ms", ParameterKind::integer, "10", "virtual ms between two looks", 1, 100'000},
    {"limit", ParameterKind::integer, "160", "frames of each member that has no `limit`", 128,
     1 << 20},
};
inline constexpr libos::rt::Declaration governor_declaration{"governor", "", governor_parameters};

struct Member {
    std::string_view name;
    std::uint32_t record = 0;  // in the bundle
    Terms terms;
    Reservation reservation;
    libos::rt::Child child{};
    bool awake = false;
    std::uint64_t family_ns = 0;  // as read last
    std::uint64_t used_ns = 0;    // in this window
    std::uint64_t turns = 0;      // in this window
};

class Members {
public:
    explicit Members(Environment& env)
        : env_{env}, info_{env.info()}, root_{env.start().env_record == info_.own_record(0)} {}

    // Is it the core's root, which owns the time?
    bool root() const { return root_; }
    std::span<Member> all() { return {all_, count_}; }

    void read() {
        std::string_view text = env_.arguments().text("members");
        if (text == "all") {
            add_all();
        } else {
            while (!text.empty()) add(take_member(text));
        }
        if (count_ == 0) refuse("members", "there are none");
        if (root_) check_all_governed();
    }

    void start() {
        for (Member& member : all()) {
            auto options = libos::rt::options_of(env_, member.record);
            if (options.limit_frames >= info_.system().pool_frames) {
                options.limit_frames =
                    static_cast<std::uint32_t>(env_.arguments().integer("limit"));
            }
            options.account_rights =
                options.program == governor_declaration.name ? Rights::allocate | Rights::manage
                                                             : Rights::allocate;
            const auto child = libos::rt::spawn(env_, options);
            if (!child.has_value()) {
                env_.panic(own_name(), ": ", member.name, " does not start: ",
                           libos::rt::status_name(child.error()));
            }
            member.child = *child;
        }
    }

    bool all_ended() {
        for (const Member& member : all()) {
            if (!libos::rt::ended(env_, member.child)) return false;
        }
        return true;
    }

    // Takes back what they had. True: all ended well.
    bool finish() {
        bool good = true;
        for (const Member& member : all()) {
            if (libos::rt::wait(env_, member.child) != 0) good = false;
            libos::rt::destroy(env_, member.child);
        }
        return good;
    }

    [[noreturn]] void refuse(std::string_view who, std::string_view what) {
        env_.say(own_name(), ": ", who, ": ", what);
        env_.exit(libos::rt::exit_bad_arguments);
    }

private:
    std::string_view own_name() const { return name_of(env_.start().env_record); }
    std::string_view name_of(std::uint32_t record) const {
        return InfoWindow::name_of(info_.env_record(record)->name);
    }

    void add_all() {
        for (std::uint32_t i = 1; i < info_.own_records(); ++i) {
            Member& member = all_[count_++];
            member.record = info_.own_record(i);
            member.name = name_of(member.record);
            const auto& record = *info_.env_record(member.record);
            member.terms.share = std::max(share_of(info_, record), 1u);
            check(member);
        }
    }

    void add(const MemberText& text) {
        if (text.name.empty()) refuse("members", "a name is missing");
        for (std::uint32_t i = 1; i < info_.own_records(); ++i) {
            const std::uint32_t record = info_.own_record(i);
            if (!called(name_of(record), text.name)) continue;
            if (record <= env_.start().env_record) refuse(text.name, "stands before its governor");
            for (const Member& other : all()) {
                if (other.record == record) refuse(text.name, "is named twice");
            }
            Member& member = all_[count_++];
            member.record = record;
            member.name = name_of(record);
            read_terms(text.terms, member);
            return check(member);
        }
        refuse(text.name, "there is no such environment on this core");
    }

    void read_terms(std::string_view text, Member& member) {
        for (skip_spaces(text); !text.empty(); skip_spaces(text)) {
            const auto term = take_until(text, ' ');
            if (read_term(term, member.terms)) continue;
            libos::rt::Text what;
            what.add(term).add(": expected share, priority, gang, period_us, deadline_us, ")
                .add("budget_us or size_us = a number within its range");
            refuse(member.name, what.view());
        }
    }

    void check(Member& member) {
        const auto scheduler = env_.arguments().text("scheduler");
        const auto wrong = unfit(member.terms, scheduler);
        if (!wrong.empty()) {
            libos::rt::Text what;
            refuse(member.name, what.add(wrong).add(" (scheduler ").add(scheduler).add(")").view());
        }
        if (scheduler == libos::sched::Cbs::name) return;  // keeps budgets itself
        member.reservation = {member.terms.budget_ns, member.terms.period_ns};
    }

    // Each environment of the core is a member of exactly one governor before it.
    void check_all_governed() {
        for (std::uint32_t i = 1; i < info_.own_records(); ++i) {
            unsigned governors = 0;
            for (std::uint32_t j = 0; j < i; ++j) governors += governs(j, i) ? 1 : 0;
            const std::string_view name = name_of(info_.own_record(i));
            if (governors == 0) refuse(name, "no governor before it names it");
            if (governors > 1) refuse(name, "it is a member of two governors");
        }
    }

    bool governs(std::uint32_t i, std::uint32_t member) const {
        const auto& record = *info_.env_record(info_.own_record(i));
        if (InfoWindow::name_of(record.program) != governor_declaration.name) return false;
        std::string_view text =
            libos::rt::Arguments{info_.arguments(record), governor_declaration}.text("members");
        if (text == "all") return true;
        while (!text.empty()) {
            const auto name = take_member(text).name;
            if (called(name_of(info_.own_record(member)), name)) return true;
        }
        return false;
    }

    Environment& env_;
    const InfoWindow& info_;
    bool root_;
    Member all_[kernel::abi::cell_envs_max] = {};
    std::uint32_t count_ = 0;
};

}  // namespace scenarios::programs
