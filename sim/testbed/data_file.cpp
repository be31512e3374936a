#include "sim/testbed/data_file.hpp"

#include <cstring>

#include "libos/load/request_image.hpp"
#include "sim/testbed/trace/next_use.hpp"

namespace sim::testbed {

namespace {

constexpr std::uint32_t write_bit = 0x8000'0000;
constexpr std::uint32_t never_again = 0xffff'ffff;

struct ImageHeader {
    std::uint64_t magic;
    std::uint64_t references;
    std::uint32_t pages;
    std::uint32_t flags;
};
static_assert(sizeof(ImageHeader) == 24);

void append(std::vector<std::byte>& image, const void* data, std::size_t bytes) {
    const auto* first = static_cast<const std::byte*>(data);
    image.insert(image.end(), first, first + bytes);
}

void pad_to_8(std::vector<std::byte>& image) { image.resize((image.size() + 7) / 8 * 8); }

std::vector<std::uint32_t> references_of(const trace::Trace& trace) {
    std::vector<std::uint32_t> words(trace.page.begin(), trace.page.end());
    for (std::size_t i = 0; i < trace.write.size(); ++i) {
        if (trace.write[i] != 0) words[i] |= write_bit;
    }
    return words;
}

std::vector<std::uint32_t> next_uses_of(const trace::Trace& trace) {
    std::vector<std::uint32_t> words;
    words.reserve(trace.page.size());
    for (const std::uint64_t next : trace::next_uses(trace)) {
        words.push_back(next == trace::no_next_use ? never_again
                                                   : static_cast<std::uint32_t>(next));
    }
    return words;
}

}  // namespace

std::expected<DataFile, std::string> make_data_file(std::string name, const trace::Trace& trace) {
    if (trace.pages() >= write_bit) return std::unexpected("has too many distinct pages");
    if (trace.references() >= never_again) return std::unexpected("has too many references");
    DataFile file{.name = std::move(name),
                  .references = trace.references(),
                  .pages = trace.pages(),
                  .image = {}};
    const ImageHeader header{trace_image_magic, trace.references(), trace.pages(),
                             trace_image_next_use};
    append(file.image, &header, sizeof header);
    const std::vector<std::uint32_t> references = references_of(trace);
    append(file.image, references.data(), references.size() * sizeof(std::uint32_t));
    pad_to_8(file.image);
    const std::vector<std::uint32_t> next = next_uses_of(trace);
    append(file.image, next.data(), next.size() * sizeof(std::uint32_t));
    pad_to_8(file.image);
    return file;
}

DataFile make_request_file(std::string name, const std::vector<trace::Request>& requests) {
    static_assert(trace::request_ns_max == libos::load::service_ns_max);
    DataFile file{.name = std::move(name), .references = 0, .pages = 0, .image = {}};
    const libos::load::RequestImage::Header header{libos::load::RequestImage::magic,
                                                   requests.size()};
    append(file.image, &header, sizeof header);
    for (const trace::Request& request : requests) {
        append(file.image, &request.due_ns, sizeof request.due_ns);
    }
    for (const trace::Request& request : requests) {
        append(file.image, &request.size_ns, sizeof request.size_ns);
    }
    return file;
}

}  // namespace sim::testbed
