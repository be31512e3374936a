#include "sim/testbed/cell_codec.hpp"

#include <cstring>
#include <type_traits>

namespace sim::testbed {

namespace {

class Writer {
public:
    template <class T>
    void plain(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void text(const std::string& value) {
        plain(std::uint64_t{value.size()});
        out_ += value;
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_{bytes} {}

    template <class T>
    void plain(T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        if (rest_.size() < sizeof value) return fail();
        std::memcpy(static_cast<void*>(&value), rest_.data(), sizeof value);
        rest_.remove_prefix(sizeof value);
    }
    void text(std::string& value) {
        const std::uint64_t size = count(1);
        value.assign(rest_.substr(0, size));
        rest_.remove_prefix(size);
    }
    /// A count of things of at least `bytes` bytes each: never more than can follow.
    std::uint64_t count(std::uint64_t bytes) {
        std::uint64_t value = 0;
        plain(value);
        if (value > rest_.size() / bytes) {
            fail();
            return 0;
        }
        return value;
    }
    [[nodiscard]] bool complete() const { return good_ && rest_.empty(); }

private:
    void fail() {
        good_ = false;
        rest_ = {};
    }

    std::string_view rest_;
    bool good_ = true;
};

void write_env(Writer& writer, const engine::EnvResult& env) {
    writer.plain(env.id);
    writer.plain(env.info);
    writer.text(env.name);
    writer.plain(std::uint64_t{env.results.size()});
    for (const std::string& line : env.results) writer.text(line);
    writer.text(env.text);
}

engine::EnvResult read_env(Reader& reader) {
    engine::EnvResult env;
    reader.plain(env.id);
    reader.plain(env.info);
    reader.text(env.name);
    env.results.resize(reader.count(sizeof(std::uint64_t)));
    for (std::string& line : env.results) reader.text(line);
    reader.text(env.text);
    return env;
}

}  // namespace

std::string encode_cell(const engine::CellResult& result) {
    Writer writer;
    writer.plain(result.cell);
    writer.plain(result.outcome);
    writer.plain(result.trace_hash);
    writer.plain(result.trace_events);
    writer.plain(result.host_seconds);
    writer.text(result.error);
    writer.plain(std::uint64_t{result.envs.size()});
    for (const engine::EnvResult& env : result.envs) write_env(writer, env);
    writer.plain(std::uint64_t{result.events.size()});
    for (const kernel::abi::Event& event : result.events) writer.plain(event);
    return writer.take();
}

std::expected<engine::CellResult, std::string> decode_cell(std::string_view bytes) {
    Reader reader{bytes};
    engine::CellResult result;
    reader.plain(result.cell);
    reader.plain(result.outcome);
    reader.plain(result.trace_hash);
    reader.plain(result.trace_events);
    reader.plain(result.host_seconds);
    reader.text(result.error);
    result.envs.resize(reader.count(sizeof(kernel::abi::EnvInfo)));
    for (engine::EnvResult& env : result.envs) env = read_env(reader);
    result.events.resize(reader.count(sizeof(kernel::abi::Event)));
    for (kernel::abi::Event& event : result.events) reader.plain(event);
    if (!reader.complete()) return std::unexpected("its result is cut short");
    return result;
}

}  // namespace sim::testbed
