#include "sim/checkers/halves.hpp"

#include <cstdint>
#include <vector>

#include "kernel/abi/info.hpp"
#include "kernel/cap/capability.hpp"
#include "kernel/machine/boot_info.hpp"
#include "sim/checkers/object_state.hpp"
#include "sim/checkers/phrase.hpp"

namespace sim::checkers {

namespace {

using kernel::abi::CapRef;
using kernel::abi::CapType;
using kernel::abi::FrameInfo;
using kernel::abi::FrameNumber;
using kernel::abi::FrameState;
using kernel::abi::page_size;
using kernel::abi::Rights;
using kernel::abi::SystemInfo;
using kernel::cap::Capability;
using kernel::cap::Link;

constexpr std::uint32_t env_info_pages =
    kernel::abi::environments_max * sizeof(kernel::abi::EnvInfo) / page_size;

struct Broken {
    std::string what;
};

class Halves {
public:
    explicit Halves(std::span<const std::byte> pool)
        : pool_{pool},
          part_frames_{at<SystemInfo>(kernel::machine::pool_first).pool_frames},
          runs_(at<SystemInfo>(kernel::machine::pool_first).cores) {
        for (std::uint32_t core = 0; core < runs_.size(); ++core) {
            const bool booted = at<SystemInfo>(first_of(core)).magic != 0;
            for (std::uint32_t i = 0; booted && !runs_[core] && i < part_frames_; ++i) {
                const FrameNumber name{first_of(core).value + i};
                runs_[core] = frame(name).state == FrameState::env;
            }
        }
    }

    void verify() {
        each_capability([this](const Capability& cap) {
            if (core_of(cap.object) != core_) check_object(cap);
        });
        each_capability([this](const Capability& cap) {
            if (cap.link == Link::none) return;
            check(cap.core < runs_.size() && cap.core != core_, "its other half is nowhere");
            if (kernel::cap::is_lender(cap.link)) {
                check_lender(cap);
            } else {
                check_borrower(cap);
            }
        });
    }

private:
    template <class T>
    const T& at(FrameNumber name) const {
        const std::uint32_t distance = name.value - kernel::machine::pool_first.value;
        return *reinterpret_cast<const T*>(pool_.data() + std::uint64_t{distance} * page_size);
    }
    FrameNumber first_of(std::uint32_t core) const {
        return FrameNumber{kernel::machine::pool_first.value + core * part_frames_};
    }
    // The core whose part it is in; beyond the last: in none.
    std::uint32_t core_of(FrameNumber name) const {
        return (name.value - kernel::machine::pool_first.value) / part_frames_;
    }
    const FrameInfo& frame(FrameNumber name) const {
        const FrameNumber first = first_of(core_of(name));
        const auto* frames = &at<FrameInfo>(FrameNumber{first.value + 2 + env_info_pages});
        return frames[name.value - first.value];
    }
    // The capability in `core`'s part; nullptr where there is no capability table.
    const Capability* find(std::uint32_t core, CapRef ref) const {
        const FrameNumber table = kernel::cap::table_frame_of(ref);
        if (core_of(table) != core || frame(table).state != FrameState::cap_table) return nullptr;
        return &at<Capability>(table) + kernel::cap::index_of(ref);
    }

    // On all cores that run, with `core_` and `ref_` saying which it is.
    template <class Function>
    void each_capability(Function&& function) {
        for (core_ = 0; core_ < runs_.size(); ++core_) {
            for (std::uint32_t i = 0; runs_[core_] && i < part_frames_; ++i) {
                const FrameNumber name{first_of(core_).value + i};
                if (frame(name).state == FrameState::cap_table) each_slot(name, function);
            }
        }
    }
    template <class Function>
    void each_slot(FrameNumber table, Function& function) {
        for (std::uint32_t i = 0; i < kernel::abi::table_slots_per_frame; ++i) {
            const Capability& cap = (&at<Capability>(table))[i];
            ref_ = kernel::cap::ref_of(table, i);
            if (cap.type != CapType::none) function(cap);
        }
    }

    void check(bool holds, const Phrase& what) const {
        if (holds) return;
        throw Broken{"core " + std::to_string(core_) + ": capability " +
                     std::to_string(kernel::cap::table_frame_of(ref_).value) + "/" +
                     std::to_string(kernel::cap::index_of(ref_)) + ": " + what.text()};
    }

    // What another core owns, and this one may still use.
    void check_object(const Capability& cap) const {
        const std::uint32_t owner = core_of(cap.object);
        check(owner < runs_.size(), "its object is in no core's part");
        // The owner may know already that these are gone.
        const bool told = cap.link == Link::returning ||
                          (cap.link == Link::none && cap.parent == 0 && cap.rights == Rights::none);
        if (told || !runs_[owner]) return;
        const FrameState state = frame(cap.object).state;
        const Phrase what = "frame " + number(cap.object.value);
        check(state != FrameState::free, what + " was freed by its owner");
        const bool lendable = cap.type == CapType::frame || cap.type == CapType::environment ||
                              cap.type == CapType::console;
        check(lendable && names_state(cap, state),
              what + " is not what it is said to be, or cannot be lent");
        check(frame(cap.object).caps > 0 || cap.peer == 0, what + " has no name on its own core");
    }

    void check_lender(const Capability& cap) const {
        check(cap.rights == Rights::none && cap.child == 0, "the lender's half can be used");
        check(cap.type != CapType::frame || cap.mapping == 0, "the lender's half is mapped");
        check(core_of(cap.object) != cap.core, "it was lent to its owner");
        if (cap.link == Link::pending) return check(cap.peer == 0, "it was lent before it was");
        check(cap.peer != 0, "it was lent to nobody");
        if (!runs_[cap.core]) return;
        const Capability* const other = find(cap.core, cap.peer);
        const bool named = other != nullptr && other->link >= Link::borrowed &&
                           other->core == core_ && other->peer == ref_;
        if (cap.link == Link::recalling && !named) return;  // `recalled` is under way
        check(named, "the half it names does not name it");
        check(other->type == cap.type && other->object == cap.object,
              "its other half is another object's");
        check(cap.link == Link::recalling || other->link != Link::recalled,
              "nobody wanted its other half back");
    }

    void check_borrower(const Capability& cap) const {
        check(cap.parent == 0, "the borrower's half has a parent");
        check(core_of(cap.object) != core_, "it was borrowed from itself");
        if (cap.link != Link::borrowed) {
            check(cap.rights == Rights::none, "it is wanted back, or gone, and can be used");
            check(cap.type != CapType::frame || cap.mapping == 0,
                  "it is wanted back, or gone, and mapped");
        }
        check(cap.link != Link::returning || cap.child == 0, "it is gone, and has a child");
        if (cap.peer == 0) {
            return check(cap.link == Link::borrowed && cap.type == CapType::environment,
                         "nobody lent it");
        }
        if (!runs_[cap.core]) return;
        const Capability* const other = find(cap.core, cap.peer);
        const bool lends = other != nullptr && kernel::cap::is_lender(other->link) &&
                           other->core == core_ && other->object == cap.object;
        const bool names = lends && (other->link == Link::pending || other->peer == ref_);
        if (cap.link == Link::returning) return;  // `taken_back` may be under way
        check(names, "the half it names does not name it");
        check(cap.link == Link::borrowed || other->link == Link::recalling,
              "nobody wanted it back");
    }

    std::span<const std::byte> pool_;
    std::uint32_t part_frames_;
    std::vector<bool> runs_;  // by core: it has an environment
    std::uint32_t core_ = 0;  // what is being looked at
    CapRef ref_ = 0;
};

}  // namespace

std::string verify_halves(std::span<const std::byte> pool) {
    const auto& system = *reinterpret_cast<const SystemInfo*>(pool.data());
    if (system.cores == 1) return {};  // nobody to lend to
    try {
        Halves{pool}.verify();
    } catch (const Broken& broken) {
        return broken.what;
    }
    return {};
}

}  // namespace sim::checkers
