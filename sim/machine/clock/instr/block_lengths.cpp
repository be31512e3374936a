#include <link.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <Zydis/Zydis.h>

#include "core_clock.hpp"

extern "C" {
void __sanitizer_cov_trace_pc();

thread_local constinit sim::machine::CoreClock* chitin_clock = nullptr;
// A byte for each address of this program's code, at chitin_block_lengths + that address: how many
// instructions follow it up to the next edge, where an edge's call returns to it; else 0.
const std::uint8_t* chitin_block_lengths = nullptr;
}

namespace sim::machine {

namespace {

// Where this program's code was loaded.
std::span<const std::uint8_t> own_code() {
    std::span<const std::uint8_t> code;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* result) {
            for (const ElfW(Phdr)& part : std::span{info->dlpi_phdr, info->dlpi_phnum}) {
                if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
                *static_cast<std::span<const std::uint8_t>*>(result) = {
                    reinterpret_cast<const std::uint8_t*>(info->dlpi_addr + part.p_vaddr),
                    part.p_memsz};
            }
            return 1;  // the executable comes first
        },
        &code);
    return code;
}

// Does this instruction, which ends at `end`, call the edge's function?
bool calls_edge(const std::uint8_t* end, std::size_t length) {
    constexpr std::size_t call_length = 5;
    constexpr std::uint8_t call_near = 0xe8;
    if (length != call_length || end[-5] != call_near) return false;
    std::int32_t distance;
    __builtin_memcpy(&distance, end - sizeof distance, sizeof distance);
    return reinterpret_cast<std::uint64_t>(end) + static_cast<std::int64_t>(distance) ==
           reinterpret_cast<std::uint64_t>(&__sanitizer_cov_trace_pc);
}

// Does nothing that follows belong to the same block?
bool ends_block(const std::uint8_t* begin) {
    constexpr std::uint8_t near_jump = 0xe9;
    constexpr std::uint8_t short_jump = 0xeb;
    constexpr std::uint8_t near_return = 0xc3;
    constexpr std::uint8_t group_5 = 0xff;  // with 4 in the second byte's middle: jmp
    const bool indirect = *begin == group_5 && (begin[1] >> 3 & 7) == 4;
    return *begin == near_jump || *begin == short_jump || *begin == near_return || indirect;
}

// One pass over all code: g++ keeps no data in it, and what assemblers leave between functions are
// instructions too.
std::vector<std::uint8_t> count_blocks(std::span<const std::uint8_t> code) {
    std::vector<std::uint8_t> lengths(code.size() + 1);
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE);
    ZydisDecodedInstruction instruction;
    std::uint8_t* const nobody = &lengths[code.size()];  // where no edge leads
    std::uint8_t* block = nobody;
    for (std::size_t at = 0; at < code.size();) {
        const bool known = ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
            &decoder, nullptr, code.data() + at, code.size() - at, &instruction));
        const std::size_t length = known ? instruction.length : 1;
        const std::uint8_t* const begin = code.data() + at;
        at += length;
        if (calls_edge(code.data() + at, length)) {
            block = &lengths[at];
            continue;
        }
        if (*block != UINT8_MAX) ++*block;
        if (ends_block(begin)) block = nobody;
    }
    *nobody = 0;
    return lengths;
}

}  // namespace

const char* prepare_clock() {
    static const std::span<const std::uint8_t> code = own_code();
    static const std::vector<std::uint8_t> lengths = count_blocks(code);
    chitin_block_lengths = lengths.data() - reinterpret_cast<std::uint64_t>(code.data());
    const bool edges = std::ranges::any_of(lengths, [](auto length) { return length != 0; });
    return edges ? nullptr : "this build counts no instructions: its code has no edges";
}

}  // namespace sim::machine
