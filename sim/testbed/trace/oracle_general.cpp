#include "sim/testbed/trace/oracle_general.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace sim::testbed::trace {

namespace {

template <typename T>
T load_little(const std::byte* bytes) {
    T value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) {
        value = static_cast<T>(value << 8 | std::to_integer<T>(bytes[i]));
    }
    return value;
}

/// Cuts chunks of any length into records.
class RecordCutter {
public:
    explicit RecordCutter(Builder& builder) : builder_{builder} {}

    /// False when the trace has become too large.
    bool add(std::span<const std::byte> chunk) {
        total_ += chunk.size();
        if (partial_size_ > 0) {
            const std::size_t wanted = oracle_record_bytes - partial_size_;
            const std::size_t taken = std::min(wanted, chunk.size());
            keep(chunk.first(taken));
            chunk = chunk.subspan(taken);
            if (partial_size_ < oracle_record_bytes) return true;
            partial_size_ = 0;
            if (!add_record(partial_.data())) return false;
        }
        for (; chunk.size() >= oracle_record_bytes; chunk = chunk.subspan(oracle_record_bytes)) {
            if (!add_record(chunk.data())) return false;
        }
        keep(chunk);
        return true;
    }

    [[nodiscard]] std::size_t partial() const { return partial_size_; }
    [[nodiscard]] std::uint64_t record_start() const { return total_ - partial_size_; }

private:
    bool add_record(const std::byte* record) {
        const auto time = load_little<std::uint32_t>(record);
        const auto id = load_little<std::uint64_t>(record + 4);
        const auto size = load_little<std::uint32_t>(record + 12);
        if (tells_writes_) note_write(time);
        ++records_;
        return builder_.add_sized(id, std::max<std::uint32_t>(size, 1));
    }

    void note_write(std::uint32_t time) {
        tells_writes_ = time >> 1 == static_cast<std::uint32_t>(2 * records_) >> 1;
        if (tells_writes_) builder_.note_write((time & 1) != 0);
        else builder_.forget_writes();
    }

    void keep(std::span<const std::byte> bytes) {
        if (bytes.empty()) return;
        std::memcpy(partial_.data() + partial_size_, bytes.data(), bytes.size());
        partial_size_ += bytes.size();
    }

    Builder& builder_;
    std::array<std::byte, oracle_record_bytes> partial_{};
    std::size_t partial_size_ = 0;
    std::uint64_t total_ = 0;
    std::uint64_t records_ = 0;
    bool tells_writes_ = true;  // so far
};

}  // namespace

std::expected<void, TraceError> read_oracle_general(ByteSource& source,
                                                    std::span<const std::byte> head,
                                                    Builder& builder) {
    RecordCutter cutter{builder};
    for (std::span<const std::byte> chunk = head; !chunk.empty();) {
        if (!cutter.add(chunk)) {
            return std::unexpected(TraceError{source.path() + ": byte " +
                                              std::to_string(cutter.record_start()) +
                                              ": expected at most 2^31 references, found more"});
        }
        auto next = source.next();
        if (!next) return std::unexpected(std::move(next.error()));
        chunk = *next;
    }
    if (cutter.partial() == 0) return {};
    return std::unexpected(TraceError{
        source.path() + ": byte " + std::to_string(cutter.record_start()) +
        ": expected a record of 24 bytes, found the end after " +
        std::to_string(cutter.partial())});
}

}  // namespace sim::testbed::trace
