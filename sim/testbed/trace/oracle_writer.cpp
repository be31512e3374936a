/// The writer of oracleGeneral.zst: records are made in blocks and compressed as they are made.

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include <zstd.h>

#include "sim/testbed/trace/next_use.hpp"
#include "sim/testbed/trace/oracle_general.hpp"

namespace sim::testbed::trace {

namespace {

constexpr std::size_t block_records = 4096;
constexpr int compression_level = 12;

template <typename T>
void store_little(std::byte* bytes, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        bytes[i] = static_cast<std::byte>(value >> (8 * i));
    }
}

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

class ZstdFile {
public:
    explicit ZstdFile(const std::string& path)
        : file_{std::fopen(path.c_str(), "wb")},
          context_{ZSTD_createCCtx()},
          output_(ZSTD_CStreamOutSize()) {
        if (!context_) return;
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, compression_level);
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
    }

    bool write(std::span<const std::byte> bytes, bool last) {
        if (!file_ || !context_) return false;
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        for (bool done = false; !done;) {
            ZSTD_outBuffer out{output_.data(), output_.size(), 0};
            const std::size_t left = ZSTD_compressStream2(context_.get(), &out, &in,
                                                          last ? ZSTD_e_end : ZSTD_e_continue);
            if (ZSTD_isError(left)) return false;
            if (std::fwrite(output_.data(), 1, out.pos, file_.get()) != out.pos) return false;
            done = last ? left == 0 : in.pos == in.size;
        }
        return true;
    }

    bool close() { return file_ && std::fclose(file_.release()) == 0; }

private:
    std::unique_ptr<std::FILE, Close> file_;
    std::unique_ptr<ZSTD_CCtx, Close> context_;
    std::vector<std::byte> output_;
};

}  // namespace

std::expected<void, TraceError> write_oracle_general_zst(const std::string& path,
                                                         const Trace& trace,
                                                         std::uint32_t default_size) {
    errno = 0;
    ZstdFile file{path};
    const std::vector<std::uint64_t> next = next_uses(trace);
    std::vector<std::byte> block(block_records * oracle_record_bytes);
    bool good = true;
    for (std::uint64_t first = 0; good && first < trace.references(); first += block_records) {
        const std::uint64_t count = std::min<std::uint64_t>(block_records,
                                                            trace.references() - first);
        for (std::uint64_t i = 0; i < count; ++i) {
            std::byte* const record = block.data() + i * oracle_record_bytes;
            const std::uint64_t at = first + i;
            const bool written = !trace.write.empty() && trace.write[at] != 0;
            const std::uint64_t time = trace.write.empty() ? at : 2 * at + (written ? 1 : 0);
            store_little(record, static_cast<std::uint32_t>(time));
            store_little(record + 4, trace.ids[trace.page[at]]);
            store_little(record + 12, trace.weight.empty() ? default_size : trace.weight[at]);
            store_little(record + 16, next[at]);  // never is all ones: -1
        }
        good = file.write(std::span{block}.first(count * oracle_record_bytes), false);
    }
    good = good && file.write({}, true) && file.close();
    if (good) return {};
    return std::unexpected(TraceError{path + ": cannot write: " + std::strerror(errno)});
}

}  // namespace sim::testbed::trace
