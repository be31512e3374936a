// DiskProbe: what the parts of program disk_probe share.
#pragma once

#include "libos/disk/ring.hpp"
#include "scenarios/programs/probe_words.hpp"

namespace scenarios::disk_probe {

using namespace probe_words;
using kernel::abi::DiskOp;
using kernel::abi::DiskRequest;
using kernel::abi::ExtentName;
using kernel::abi::slot_disk;
using kernel::abi::slot_extent;

enum class Manner : Word { probing, honest, hostile, leaves_requests, busy };

constexpr Word any = kernel::abi::any_block;
constexpr std::uint32_t extent_blocks = 64;
constexpr std::uint32_t pages = 16;  // mapped one behind the other, for data

class DiskProbe {
public:
    explicit DiskProbe(Environment& env) : env_{env}, ring_{env} {}

    int run();
    int be_honest();
    int be_hostile(std::uint32_t hostile_rounds = 40);
    int leave_requests();
    int be_busy();

private:
    void expect(std::string_view what, Word expected, Word got) {
        ++checks_;
        if (expected == got) return;
        ++failures_;
        env_.say("disk_probe: ", what, ": expected ", expected, ", got ", got);
    }
    void expect(std::string_view what, Status expected, Status got) {
        ++checks_;
        if (expected == got) return;
        ++failures_;
        env_.say("disk_probe: ", what, ": expected ", libos::rt::status_name(expected), ", got ",
                 libos::rt::status_name(got));
    }
    Status raw(Call call, const Words& w) {
        return calls::ask(call, w.word[0], w.word[1], w.word[2], w.word[3], w.word[4], w.word[5])
            .status;
    }
    void check(Call call, std::string_view what, Status expected, const Words& words) {
        expect(what, expected, raw(call, words));
    }
    Slot slot() { return env_.must(env_.space().take_slot(), "a slot"); }
    Slot frame() { return env_.must(env_.space().allocate(), "a frame"); }
    Slot derived(Slot from, Rights rights) {
        const Slot to = slot();
        env_.must(calls::cap_derive(from, to, rights), "deriving");
        return to;
    }
    Slot part(Slot from, std::uint32_t first, std::uint32_t count, Rights rights = Rights::all) {
        const Slot to = slot();
        env_.must(calls::extent_part(from, to, first, count, rights), "a part");
        return to;
    }

    // An argument that names a capability of `type`; `poor` lacks a right that it needs, slot 0:
    // it needs none.
    void named(Call call, std::string_view what, const Words& good, unsigned index, CapType type,
               Slot poor);
    void prepare_data();
    void prepare();
    std::uint64_t* page(std::uint32_t index) const {
        return reinterpret_cast<std::uint64_t*>(data_ + index * page_size);
    }
    void fill(std::uint32_t index, Word seed) {
        for (Word i = 0; i < page_size / 8; ++i) page(index)[i] = seed * 1000 + i;
    }
    bool filled(std::uint32_t index, Word seed) const {
        for (Word i = 0; i < page_size / 8; ++i) {
            if (page(index)[i] != seed * 1000 + i) return false;
        }
        return true;
    }
    DiskRequest request(DiskOp op, Slot extent, std::uint32_t block, std::uint32_t count,
                        std::uint32_t first_page = 0) const;
    // One request, answered.
    Status done(const DiskRequest& request);
    void answers(std::string_view what, Status expected, const DiskRequest& request) {
        expect(what, expected, done(request));
    }

    void allocations();
    void openings();
    void parts();
    void frees();
    void rings();
    void submissions();
    void shares();

    void forms();
    void extents_of_requests();
    void frames_of_requests();
    void data();
    void order_and_depth();
    void taken_back();

    void neighbours();
    void ended_neighbour();
    void weights();
    libos::rt::Child child(Manner manner, Slot extent);

    Environment& env_;
    libos::disk::Ring ring_;
    Word checks_ = 0;
    Word failures_ = 0;
    Slot extent_{}, poor_extent_{}, poor_disk_{}, empty_{}, leaf_{}, account_{}, embryo_{},
        poor_embryo_{};
    Slot data_slots_[pages] = {};
    Word data_ = 0;
};

}  // namespace scenarios::disk_probe
