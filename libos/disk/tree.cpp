#include "libos/disk/tree.hpp"

#include <cstring>

#include "libos/code/download.hpp"

namespace libos::disk {

namespace {

using kernel::abi::Status;
using kernel::abi::TreeHeader;
using rt::Result;
using rt::Rights;
namespace abi = kernel::abi;
namespace calls = rt::calls;

// With this many frames functions that loop over a block are verified fast.
constexpr std::uint32_t frames_to_verify = 32;

Result<void> done(Status status) {
    if (status != Status::ok) return kernel::base::error(status);
    return {};
}

// Programs of all types, in slots that follow one another.
class Codes {
public:
    Codes(rt::Environment& environment, const TreeHeader& header)
        : environment_{environment}, header_{header} {}
    ~Codes() {
        for (std::uint32_t i = 0; i < taken_; ++i) {
            environment_.space().release(Slot{first_.value + i});
        }
    }
    Codes(const Codes&) = delete;
    Codes& operator=(const Codes&) = delete;

    Result<Slot> download() {
        TRY(take_slots());
        for (std::uint32_t type = 1; type < header_.types; ++type) {
            const abi::TreeProgram& program = header_.programs[type];
            if (program.units > abi::code_units_max ||
                program.first > abi::tree_units_max - program.units) {
                return kernel::base::error(Status::tree_damaged);
            }
            const auto* units = reinterpret_cast<const code::Instruction*>(header_.units);
            const auto down =
                code::download(environment_, {units + program.first, program.units},
                               abi::CodeKind::ownership, frames_to_verify);
            const Slot code = TRY(down.code);
            const Slot to{first_.value + type - 1};
            const auto moved =
                calls::cap_derive(code, to, Rights::execute | Rights::manage | Rights::grant);
            environment_.space().release(code);
            TRY(moved);
        }
        return first_;
    }

private:
    // Slots come in their order, but some between them may be in use. Errors: no_frames (too many
    // are), over_limit.
    Result<void> take_slots() {
        if (header_.types < 2 || header_.types > abi::tree_types_max) {
            return kernel::base::error(Status::tree_damaged);
        }
        std::array<Slot, slots_tried> tried;
        std::uint32_t count = 0;
        Result<void> found;
        while (taken_ < header_.types - 1) {
            Result<Slot> slot = kernel::base::error(Status::no_frames);
            if (count < slots_tried) slot = environment_.space().take_slot();
            if (!slot.has_value()) {
                found = kernel::base::error(slot.error());
                taken_ = 0;
                break;
            }
            const bool next = taken_ != 0 && slot->value == first_.value + taken_;
            if (!next) first_ = *slot;
            taken_ = next ? taken_ + 1 : 1;
            tried[count++] = *slot;
        }
        for (std::uint32_t i = 0; i < count - taken_; ++i) environment_.space().give_slot(tried[i]);
        return found;
    }

    static constexpr std::uint32_t slots_tried = 64;
    rt::Environment& environment_;
    const TreeHeader& header_;
    Slot first_{};
    std::uint32_t taken_ = 0;
};

}  // namespace

bool make_header(TreeHeader& header, std::uint32_t blocks, std::span<const Function> functions) {
    std::memset(&header, 0, sizeof header);
    if (functions.empty() || functions.size() >= abi::tree_types_max) return false;
    header.magic = abi::tree_magic;
    header.blocks = blocks;
    header.types = static_cast<std::uint32_t>(functions.size() + 1);
    std::uint32_t first = 0;
    for (std::uint32_t type = 1; type < header.types; ++type) {
        const Function& function = functions[type - 1];
        if (function.size() > abi::tree_units_max - first) return false;
        header.programs[type] = {first, static_cast<std::uint32_t>(function.size())};
        std::memcpy(header.units + first, function.data(), function.size_bytes());
        first += header.programs[type].units;
    }
    header.checksum = checksum_of(header);
    return true;
}

Result<void> write_tree(BlockIo& io, Slot extent) {
    TRY(done(io.write(extent, 0, 0)));
    return done(io.write(extent, abi::tree_root, 1));
}

Result<Slot> open_tree(rt::Environment& environment, BlockIo& io, Slot extent) {
    const auto& header = *io.as<TreeHeader>(0);
    Codes codes{environment, header};
    const Slot first_code = TRY(codes.download());
    const auto range = TRY(calls::extent_range(extent));
    std::array<Slot, abi::tree_frames(abi::tree_blocks_max)> slots;
    const std::uint32_t frames = abi::tree_frames(range.count);
    if (frames > slots.size()) return kernel::base::error(Status::bad_argument);
    const std::span<Slot> taken = std::span{slots}.first(frames);
    TRY(code::take_frames_in_a_row(environment, taken));
    const auto opened = calls::tree_open(extent, taken[0], frames, first_code);
    if (!opened.has_value()) {
        for (const Slot slot : taken) environment.space().release(slot);
        return kernel::base::error(opened.error());
    }
    for (const Slot slot : taken.subspan(1)) environment.space().give_slot(slot);
    environment.space().give_slot(extent);
    const auto scanned = calls::tree_scan(taken[0]);
    if (scanned.has_value()) return taken[0];
    drop_node(environment, taken[0]);
    return kernel::base::error(scanned.error());
}

void drop_node(rt::Environment& environment, Slot node) {
    static_cast<void>(calls::cap_revoke(node));
    environment.space().release(node);
}

Result<std::uint32_t> put_new(BlockIo& io, Slot node, std::uint32_t type, std::uint32_t index) {
    const std::uint32_t block = TRY(calls::tree_allocate(node, type));
    const Status status = io.write(node, block, index);
    if (status == Status::ok) return block;
    static_cast<void>(calls::tree_release(node, block));
    return kernel::base::error(status);
}

}  // namespace libos::disk
