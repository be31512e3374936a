#include "sim/testbed/expectation.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace sim::testbed {

namespace {

class Check {
public:
    explicit Check(const Expectation& expectation) : expectation_{expectation} {}

    std::vector<std::string> run(const std::vector<Json>& records) {
        if (expectation_.column == "exit") check_exits(records);
        else check_rows(records);
        if (applied_ == 0) fail("it applies to no result");
        return std::move(failures_);
    }

private:
    void check_exits(const std::vector<Json>& records) {
        for (const Json& record : records) {
            if (!selected(record["axes"])) continue;
            if (expectation_.program_or_env.empty()) {
                compare(record["exit_code"], record["name"].get<std::string>(), record);
            }
            for (const Json& environment : record["environments"]) {
                if (!meant(environment["name"].get<std::string>())) continue;
                compare(environment["exit_code"], record["name"].get<std::string>(), environment);
            }
        }
    }

    void check_rows(const std::vector<Json>& records) {
        for (const Row& row : rows_of(records)) {
            const bool named = expectation_.program_or_env.empty() ||
                               meant(row.cells["environment"].get<std::string>());
            if (!named || !row.cells.contains(expectation_.column) || !selected(row.cells)) {
                continue;
            }
            compare(row.cells[expectation_.column], (*row.record)["name"].get<std::string>(),
                    row.cells);
        }
    }

    // One on several cores has a name on each: "server@2" is meant by "server" too.
    [[nodiscard]] bool meant(std::string_view name) const {
        const std::string_view wanted = expectation_.program_or_env;
        return name == wanted || name.substr(0, name.rfind('@')) == wanted;
    }

    [[nodiscard]] bool selected(const Json& object) const {
        return std::ranges::all_of(expectation_.where, [&](const auto& condition) {
            return object.contains(condition.first) &&
                   plain_text(object[condition.first]) == condition.second;
        });
    }

    void compare(const Json& value, const std::string& cell, const Json& others) {
        ++applied_;
        const std::string text = plain_text(value);
        if (expectation_.equals) {
            const std::string& wanted = *expectation_.equals;
            const std::string expected =
                others.contains(wanted) ? plain_text(others[wanted]) : wanted;
            if (text != expected) {
                fail(fmt::format("{} is {}, expected {} ({})", expectation_.column, text,
                                 expected, cell));
            }
        }
        const double number = value.is_number() ? value.get<double>() : 0;
        if (expectation_.at_most && !(value.is_number() && number <= *expectation_.at_most)) {
            fail(fmt::format("{} is {}, expected at most {} ({})", expectation_.column, text,
                             *expectation_.at_most, cell));
        }
        if (expectation_.at_least && !(value.is_number() && number >= *expectation_.at_least)) {
            fail(fmt::format("{} is {}, expected at least {} ({})", expectation_.column, text,
                             *expectation_.at_least, cell));
        }
    }

    void fail(const std::string& message) {
        const Place& place = expectation_.place;
        failures_.push_back(fmt::format("{}:{}:{}: expectation not met: {}", place.file,
                                        place.line, place.column, message));
    }

    const Expectation& expectation_;
    std::vector<std::string> failures_;
    std::size_t applied_ = 0;
};

}  // namespace

std::vector<std::string> unmet_expectations(const Scenario& scenario,
                                            const std::vector<Json>& records) {
    std::vector<std::string> all;
    for (const Expectation& expectation : scenario.expectations) {
        for (std::string& failure : Check{expectation}.run(records)) {
            all.push_back(std::move(failure));
        }
    }
    return all;
}

}  // namespace sim::testbed
