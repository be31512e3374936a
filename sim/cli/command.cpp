#include "sim/cli/command.hpp"

#include <optional>
#include <utility>

#include <CLI/CLI.hpp>

namespace sim::cli {

namespace {

class Given final : public Argument {
public:
    explicit Given(CLI::Option& option) : option_{option} {}

    Argument* required() override { return with(option_.required()); }
    Argument* capture_default_str() override { return with(option_.capture_default_str()); }
    Argument* in(std::uint64_t least, std::uint64_t most) override {
        return with(option_.check(CLI::Range(least, most)));
    }
    Argument* positive() override { return with(option_.check(CLI::PositiveNumber)); }
    Argument* not_negative() override { return with(option_.check(CLI::NonNegativeNumber)); }
    Argument* needs(const std::string& other) override { return with(option_.needs(other)); }
    Argument* excludes(const std::string& other) override { return with(option_.excludes(other)); }
    Argument* delimiter(char separator) override { return with(option_.delimiter(separator)); }
    Argument* one_each() override { return with(option_.allow_extra_args(false)); }
    [[nodiscard]] bool given() const override { return option_.count() > 0; }

private:
    Argument* with(const CLI::Option*) { return this; }

    CLI::Option& option_;
};

}  // namespace

struct Command::Inside {
    CLI::App* app = nullptr;
    std::unique_ptr<CLI::App> own;  // of the outermost
    std::vector<std::unique_ptr<Command>> commands;
    std::vector<std::unique_ptr<Given>> arguments;

    Argument* keep(CLI::Option* option) {
        return arguments.emplace_back(std::make_unique<Given>(*option)).get();
    }
};

Command::Command(std::unique_ptr<Inside> inside) : inside_{std::move(inside)} {}

Command::Command(const std::string& name, const std::string& description)
    : inside_{std::make_unique<Inside>()} {
    inside_->own = std::make_unique<CLI::App>(description);
    inside_->app = inside_->own.get();
    inside_->app->name(name);
}

Command::~Command() = default;

Command* Command::add_subcommand(const std::string& name, const std::string& description) {
    auto inside = std::make_unique<Inside>();
    inside->app = inside_->app->add_subcommand(name, description);
    inside_->commands.push_back(std::unique_ptr<Command>{new Command{std::move(inside)}});
    return inside_->commands.back().get();
}

template <class T>
Argument* Command::add_option(const std::string& names, T& variable,
                              const std::string& description) {
    return inside_->keep(inside_->app->add_option(names, variable, description));
}

template Argument* Command::add_option(const std::string&, std::string&, const std::string&);
template Argument* Command::add_option(const std::string&, std::vector<std::string>&,
                                       const std::string&);
template Argument* Command::add_option(const std::string&, std::int64_t&, const std::string&);
template Argument* Command::add_option(const std::string&, std::uint32_t&, const std::string&);
template Argument* Command::add_option(const std::string&, std::uint64_t&, const std::string&);
template Argument* Command::add_option(const std::string&, std::optional<std::uint32_t>&,
                                       const std::string&);
template Argument* Command::add_option(const std::string&, std::optional<std::uint64_t>&,
                                       const std::string&);

Argument* Command::add_flag(const std::string& names, bool& variable,
                            const std::string& description) {
    return inside_->keep(inside_->app->add_flag(names, variable, description));
}

void Command::remove_option(const std::string& name) {
    inside_->app->remove_option(inside_->app->get_option(name));
}
void Command::footer(const std::string& text) { inside_->app->footer(text); }
void Command::callback(std::function<void()> run) { inside_->app->callback(std::move(run)); }
void Command::require_subcommand() { inside_->app->require_subcommand(1); }
void Command::hide() { inside_->app->group(""); }
void Command::allow_extras() { inside_->app->allow_extras(); }
std::vector<std::string> Command::remaining() const { return inside_->app->remaining(); }

bool Command::parse(int count, char** arguments) {
    try {
        inside_->app->parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return inside_->app->exit(error) == 0;
    }
    return true;
}

}  // namespace sim::cli
