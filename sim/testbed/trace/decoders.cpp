/// The four codings of a byte source. Each wraps its library's streaming decoder; all bound what
/// a hostile header can make them allocate.

#include <algorithm>
#include <array>
#include <cstring>

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "sim/testbed/trace/byte_source.hpp"

namespace sim::testbed::trace {

namespace {

constexpr std::uint64_t xz_memory_max = std::uint64_t{256} << 20;
constexpr int zstd_window_log_max = 27;  ///< 128 MiB, the zstd tool's own default

class PlainDecoder final : public Decoder {
public:
    Step decode(std::span<const std::byte> input, std::span<std::byte> output) override {
        const std::size_t size = std::min(input.size(), output.size());
        std::copy_n(input.begin(), size, output.begin());
        return {.consumed = size, .produced = size, .corrupt = false, .reason = {}};
    }
    bool complete() const override { return true; }
    const char* name() const override { return "plain"; }
};

class GzipDecoder final : public Decoder {
public:
    GzipDecoder() { ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK; }  // 15: window, 16: gzip
    ~GzipDecoder() override { inflateEnd(&stream_); }
    GzipDecoder(const GzipDecoder&) = delete;
    GzipDecoder& operator=(const GzipDecoder&) = delete;

    Step decode(std::span<const std::byte> input, std::span<std::byte> output) override {
        if (!ready_) return failure("no memory for a decoder");
        if (input.empty()) return {};
        if (complete_) inflateReset(&stream_);
        complete_ = false;
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input.data()));
        stream_.avail_in = static_cast<uInt>(input.size());
        stream_.next_out = reinterpret_cast<Bytef*>(output.data());
        stream_.avail_out = static_cast<uInt>(output.size());
        const int result = inflate(&stream_, Z_NO_FLUSH);
        Step step{.consumed = input.size() - stream_.avail_in,
                  .produced = output.size() - stream_.avail_out,
                  .corrupt = result != Z_OK && result != Z_STREAM_END,
                  .reason = stream_.msg != nullptr ? stream_.msg : "undecodable data"};
        complete_ = result == Z_STREAM_END;
        return step;
    }
    bool complete() const override { return complete_; }
    const char* name() const override { return "gzip"; }

private:
    static Step failure(const char* reason) {
        return {.consumed = 0, .produced = 0, .corrupt = true, .reason = reason};
    }

    z_stream stream_{};
    bool ready_ = false;
    bool complete_ = false;
};

class XzDecoder final : public Decoder {
public:
    XzDecoder() {
        ready_ = lzma_stream_decoder(&stream_, xz_memory_max, LZMA_CONCATENATED) == LZMA_OK;
    }
    ~XzDecoder() override { lzma_end(&stream_); }
    XzDecoder(const XzDecoder&) = delete;
    XzDecoder& operator=(const XzDecoder&) = delete;

    Step decode(std::span<const std::byte> input, std::span<std::byte> output) override {
        if (complete_) return {};
        stream_.next_in = reinterpret_cast<const std::uint8_t*>(input.data());
        stream_.avail_in = input.size();
        stream_.next_out = reinterpret_cast<std::uint8_t*>(output.data());
        stream_.avail_out = output.size();
        const lzma_action action = input.empty() ? LZMA_FINISH : LZMA_RUN;
        const lzma_ret result = ready_ ? lzma_code(&stream_, action) : LZMA_MEM_ERROR;
        complete_ = result == LZMA_STREAM_END;
        const bool stalled = result == LZMA_BUF_ERROR;  // no progress: the file ends too early
        return {.consumed = input.size() - stream_.avail_in,
                .produced = output.size() - stream_.avail_out,
                .corrupt = result != LZMA_OK && !complete_ && !stalled,
                .reason = reason(result)};
    }
    bool complete() const override { return complete_; }
    const char* name() const override { return "xz"; }

private:
    static const char* reason(lzma_ret result) {
        switch (result) {
            case LZMA_MEMLIMIT_ERROR: return "a dictionary of more than 256 MiB";
            case LZMA_MEM_ERROR: return "no memory for a decoder";
            case LZMA_OPTIONS_ERROR: return "unsupported options";
            case LZMA_FORMAT_ERROR: return "something that is not xz";
            default: return "undecodable data";
        }
    }

    lzma_stream stream_ = LZMA_STREAM_INIT;
    bool ready_ = false;
    bool complete_ = false;
};

class ZstdDecoder final : public Decoder {
public:
    ZstdDecoder() : context_{ZSTD_createDCtx()} {
        if (context_) ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax,
                                             zstd_window_log_max);
    }

    Step decode(std::span<const std::byte> input, std::span<std::byte> output) override {
        if (!context_) return {.consumed = 0, .produced = 0, .corrupt = true,
                               .reason = "no memory for a decoder"};
        if (input.empty() && complete_) return {};
        ZSTD_inBuffer in{input.data(), input.size(), 0};
        ZSTD_outBuffer out{output.data(), output.size(), 0};
        const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
        const bool failed = ZSTD_isError(result) != 0;
        complete_ = !failed && result == 0;
        return {.consumed = in.pos, .produced = out.pos, .corrupt = failed,
                .reason = failed ? ZSTD_getErrorName(result) : ""};
    }
    bool complete() const override { return complete_; }
    const char* name() const override { return "zstd"; }

private:
    struct Free {
        void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
    };
    std::unique_ptr<ZSTD_DCtx, Free> context_;
    bool complete_ = false;
};

bool begins(std::span<const std::byte> head, std::span<const unsigned char> magic) {
    return head.size() >= magic.size() && std::memcmp(head.data(), magic.data(), magic.size()) == 0;
}

}  // namespace

std::unique_ptr<Decoder> make_decoder(std::span<const std::byte> head) {
    constexpr std::array<unsigned char, 2> gzip{0x1f, 0x8b};
    constexpr std::array<unsigned char, 6> xz{0xfd, '7', 'z', 'X', 'Z', 0x00};
    constexpr std::array<unsigned char, 4> zstd{0x28, 0xb5, 0x2f, 0xfd};
    if (begins(head, gzip)) return std::make_unique<GzipDecoder>();
    if (begins(head, xz)) return std::make_unique<XzDecoder>();
    if (begins(head, zstd)) return std::make_unique<ZstdDecoder>();
    return std::make_unique<PlainDecoder>();
}

}  // namespace sim::testbed::trace
