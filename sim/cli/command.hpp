#pragma once

/// A command of `chitin`: its options, its help, what it does.
///
/// Why not CLI11 itself: its headers are the whole library, and each file that included them took
/// ten seconds to compile. Here one does (command.cpp); names are the library's.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sim::cli {

/// One option, flag or positional argument.
class Argument {
public:
    virtual ~Argument() = default;
    virtual Argument* required() = 0;
    /// Shows the value that it has when nothing is given.
    virtual Argument* capture_default_str() = 0;
    virtual Argument* in(std::uint64_t least, std::uint64_t most) = 0;
    virtual Argument* positive() = 0;
    virtual Argument* not_negative() = 0;
    virtual Argument* needs(const std::string& other) = 0;
    virtual Argument* excludes(const std::string& other) = 0;
    /// A list in one word, with this between its parts.
    virtual Argument* delimiter(char separator) = 0;
    /// Of a list: one word each time it is given.
    virtual Argument* one_each() = 0;
    /// Was it given?
    [[nodiscard]] virtual bool given() const = 0;
};

class Command {
public:
    Command(const std::string& name, const std::string& description);
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;
    ~Command();

    /// Belongs to this one.
    Command* add_subcommand(const std::string& name, const std::string& description);
    /// `names`: `-o,--output`, or `file` for one that is told by its position. `variable` outlives
    /// the parsing. T: std::string, a list of them, an integer, or an optional one.
    template <class T>
    Argument* add_option(const std::string& names, T& variable, const std::string& description);
    Argument* add_flag(const std::string& names, bool& variable, const std::string& description);
    /// One that a shared set of options brought along.
    void remove_option(const std::string& name);
    /// Examples and exit codes, behind the options.
    void footer(const std::string& text);
    /// What it does; called while the arguments are parsed, after they were checked.
    void callback(std::function<void()> run);
    void require_subcommand();
    /// Not in the list of commands.
    void hide();
    /// What is not known is no error, but `remaining`.
    void allow_extras();
    [[nodiscard]] std::vector<std::string> remaining() const;

    /// Runs what the arguments say. Wrong usage is said on standard error. False: it was wrong.
    bool parse(int count, char** arguments);

private:
    struct Inside;
    explicit Command(std::unique_ptr<Inside> inside);

    std::unique_ptr<Inside> inside_;
};

}  // namespace sim::cli
