#include "tests/fuzz/mutation.hpp"

#include <algorithm>

#include "tests/fuzz/idioms.hpp"

namespace tests::fuzz {

namespace {

using namespace scenarios::sequence;

std::size_t below(Random& random, std::size_t end) { return end == 0 ? 0 : random() / 7 % end; }

std::uint8_t any_byte(Random& random) { return static_cast<std::uint8_t>(below(random, 256)); }

template <std::size_t N>
std::uint8_t one_of(Random& random, const unsigned (&bytes)[N]) {
    return static_cast<std::uint8_t>(bytes[below(random, N)]);
}

std::uint8_t slot_byte(Random& random, bool disk) {
    if (below(random, 2) == 0) {
        return static_cast<std::uint8_t>(first_place + below(random, places));
    }
    if (disk && below(random, 4) == 0) {
        return static_cast<std::uint8_t>(slot_disk_first + below(random, disk_pages_max));
    }
    if (below(random, 3) == 0) {
        return static_cast<std::uint8_t>(slot_named_first + below(random, named_count));
    }
    return one_of(random, {0, 0, 0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 42, 43, 60, 120, 127});
}

// A byte that may well fit the argument.
std::uint8_t plausible(Kind kind, Random& random, bool disk) {
    if (below(random, 12) == 0) return any_byte(random);
    switch (kind) {
        case Kind::slot: return slot_byte(random, disk);
        case Kind::place: return static_cast<std::uint8_t>(first_place + below(random, places));
        case Kind::address: return static_cast<std::uint8_t>(below(random, 4));
        case Kind::rights: return one_of(random, {1, 3, 5, 7, 11, 255, 255, 24, 128, 0});
        case Kind::frame: return one_of(random, {0, 0, 0, 120, 150, 190});
        case Kind::number: return one_of(random, {0, 1, 1, 2, 3, 4, 8, 20, 60});
        case Kind::instant: return one_of(random, {0, 1, 80, 120, 140, 160, 255});
        case Kind::span: return one_of(random, {1, 40, 80, 120, 140});
        case Kind::position: return one_of(random, {200, 0, 160, 161});
        case Kind::page: return static_cast<std::uint8_t>(address_disk_first + below(random, 4));
        case Kind::block: return one_of(random, {0, 1, 1, 2, 3, 4, 5, 7, 8, 16, 20, 127, 160, 160});
        case Kind::amount: return one_of(random, {0, 1, 1, 2, 3, 5, 5, 8, 8, 16, 31});
        case Kind::request: return one_of(random, {0, 1, 1, 2, 3, 3, 4});
        default: return one_of(random, {0, 0, 1, 2, 3, 4, 5, 7});
    }
}

// What belongs to a step's place: who does it, and how.
std::uint8_t manner(Random& random) {
    const auto actor = static_cast<unsigned>(below(random, actors_max));
    unsigned flags = 0;
    if (below(random, 5) == 0) flags |= 1 << 2;
    if (below(random, 10) == 0) flags |= 1 << 3;
    if (below(random, 12) == 0) flags |= 1 << 4;
    if (below(random, 10) == 0) flags |= static_cast<unsigned>(below(random, 4)) << 6;
    return static_cast<std::uint8_t>(actor | flags);
}

class Mutator {
public:
    Mutator(Bytes& sequence, std::size_t bytes_max, Random& random)
        : bytes_{sequence}, random_{random} {
        const auto most = std::clamp<std::size_t>(bytes_max / step_bytes, 1, steps_max + 1);
        bytes_.resize(std::max<std::size_t>((bytes_.size() + step_bytes - 1) / step_bytes, 1) *
                      step_bytes);
        if (bytes_.size() > most * step_bytes) bytes_.resize(most * step_bytes);
    }

    void change() {
        const std::size_t way = count() == 0 ? 0 : below(random_, 20);
        if (way < 4) return insert();
        if (way < 6) return insert_idiom();
        if (way < 8) return remove();
        if (way < 10) return duplicate();
        if (way < 11) return swap();
        if (way < 15) return change_argument();
        if (way < 17) return copy_argument();
        if (way < 18) return change_operation();
        if (way < 19) return change_manner();
        return change_plan();
    }

private:
    std::size_t count() const { return bytes_.size() / step_bytes - 1; }
    auto at(std::size_t step) {
        return bytes_.begin() + static_cast<std::ptrdiff_t>((step + 1) * step_bytes);
    }
    std::size_t any_step() { return below(random_, count()); }
    std::size_t any_gap() { return below(random_, count() + 1); }

    // Whatever the plan says, which may have been changed.
    bool disk() const { return plan_of(bytes_).disk; }
    unsigned operations() const { return operations_of(plan_of(bytes_)); }
    Shape shape_at(Bytes::const_iterator step) const { return shapes::all[step[1] % operations()]; }
    std::uint8_t fitting(Kind kind) { return plausible(kind, random_, disk()); }

    void fill(Bytes::iterator step, std::uint8_t how, unsigned operation) {
        step[0] = how;
        step[1] = static_cast<std::uint8_t>(operation);
        const Shape shape = shape_at(step);
        for (unsigned i = 0; i < arguments_max; ++i) {
            step[2 + i] = shape.kind[i] == Kind::none ? std::uint8_t{0} : fitting(shape.kind[i]);
        }
    }
    void insert() {
        const std::size_t gap = any_gap();
        bytes_.insert(at(gap), step_bytes, 0);
        fill(at(gap), manner(random_), static_cast<unsigned>(below(random_, operations())));
    }
    void insert_idiom();
    void insert_idiom_of_disks(std::span<const idioms::Line> lines);
    void insert_lines(std::span<const idioms::Line> lines, unsigned self, std::size_t gap,
                      std::size_t one_in);
    void remove() {
        const std::size_t first = any_step();
        const std::size_t some = 1 + below(random_, std::min<std::size_t>(count() - first, 4));
        bytes_.erase(at(first), at(first + some));
    }
    void duplicate() {
        const std::size_t first = any_step();
        const std::size_t some = 1 + below(random_, std::min<std::size_t>(count() - first, 4));
        const Bytes copy{at(first), at(first + some)};
        bytes_.insert(at(any_gap()), copy.begin(), copy.end());
    }
    void swap() {
        const std::size_t one = any_step();
        const std::size_t other = any_step();
        if (one != other) std::swap_ranges(at(one), at(one + 1), at(other));
    }
    void change_argument() {
        const auto step = at(any_step());
        const Shape shape = shape_at(step);
        const auto arguments = static_cast<std::size_t>(
            std::ranges::find(shape.kind, Kind::none) - std::begin(shape.kind));
        if (arguments == 0) return change_manner();
        const std::size_t which = below(random_, arguments);
        step[2 + which] = below(random_, 4) == 0 ? any_byte(random_)
                                                 : fitting(shape.kind[which]);
    }
    void copy_argument() {
        const auto from = at(any_step()) + 2 + static_cast<long>(below(random_, arguments_max));
        at(any_step())[2 + static_cast<long>(below(random_, arguments_max))] = *from;
    }
    void change_operation() {
        const auto step = at(any_step());
        fill(step, step[0], static_cast<unsigned>(below(random_, operations())));
    }
    void change_manner() { *at(any_step()) = manner(random_); }
    void change_plan() {
        bytes_[below(random_, 4)] = any_byte(random_);
    }

    Bytes& bytes_;
    Random& random_;
};

// Where an actor has the other's environment, as far as it was given one.
std::uint8_t slot_of_other(unsigned self, unsigned other, unsigned cores) {
    constexpr unsigned siblings = 4;
    if (cores == 2 && self < 2 && other < 2) return slot_named_first + named_peer;
    if (self == 0 || (cores == 2 && self == 1)) {
        return static_cast<std::uint8_t>(slot_named_first + named_child + other);
    }
    return static_cast<std::uint8_t>(siblings + other);
}

void Mutator::insert_idiom() {
    constexpr std::size_t one_in = 10;
    if (disk() && below(random_, 3) != 0) {
        return insert_idiom_of_disks(
            idioms::of_disks[below(random_, std::size(idioms::of_disks))]);
    }
    const auto self = static_cast<unsigned>(below(random_, actors_max));
    insert_lines(idioms::of_all[below(random_, std::size(idioms::of_all))], self, any_gap(),
                 one_in);
}

// They are long, and each step needs those before it, in this idiom and in others: less is changed,
// and every other time it comes last, by the one who has the disk.
void Mutator::insert_idiom_of_disks(std::span<const idioms::Line> lines) {
    constexpr std::size_t one_in = 60;
    const bool behind = below(random_, 2) == 0;
    const auto self = static_cast<unsigned>(behind ? 0 : below(random_, actors_max));
    insert_lines(lines, self, behind ? count() : any_gap(), one_in);
}

// From `gap` on; one of `one_in` arguments is another.
void Mutator::insert_lines(std::span<const idioms::Line> lines, unsigned self, std::size_t gap,
                           std::size_t one_in) {
    const auto other = static_cast<unsigned>((self + 1 + below(random_, 3)) % actors_max);
    const std::uint8_t slot = slot_of_other(self, other, plan_of(bytes_).cores);
    const auto account = static_cast<std::uint8_t>(slot_named_first + named_account + other);
    for (const idioms::Line& line : lines) {
        Bytes step{static_cast<std::uint8_t>(line.by_other ? other : self),
                   static_cast<std::uint8_t>(line.operation)};
        for (unsigned i = 0; i < arguments_max; ++i) {
            const Kind kind = shapes::all[line.operation].kind[i];
            std::uint8_t byte = line.argument[i];
            if (byte == idioms::partner) byte = slot;
            if (byte == idioms::partner_account) byte = account;
            const bool other_one = kind != Kind::none && below(random_, one_in) == 0;
            step.push_back(other_one ? fitting(kind) : byte);
        }
        bytes_.insert(at(gap), step.begin(), step.end());
        gap += 1 + (below(random_, 4) == 0 && gap + 1 < count() ? 1 : 0);
    }
}

}  // namespace

void mutate(Bytes& sequence, std::size_t bytes_max, Random& random) {
    Mutator mutator{sequence, bytes_max, random};
    for (std::size_t i = 1 + below(random, 4); i > 0; --i) mutator.change();
    const std::size_t most = std::min(bytes_max, (steps_max + 1) * step_bytes);
    if (sequence.size() > most) sequence.resize(most / step_bytes * step_bytes);
}

Bytes cross(std::span<const std::uint8_t> one, std::span<const std::uint8_t> other,
            std::size_t bytes_max, Random& random) {
    const auto cut = [&](std::span<const std::uint8_t> of) {
        return std::min((1 + below(random, of.size() / step_bytes + 1)) * step_bytes, of.size());
    };
    const std::size_t head = cut(one);
    const std::size_t from = cut(other);
    Bytes made{one.begin(), one.begin() + static_cast<long>(head)};
    made.insert(made.end(), other.begin() + static_cast<long>(from), other.end());
    if (below(random, 2) == 0) made.insert(made.end(), one.begin() + static_cast<long>(head),
                                           one.end());
    if (made.size() > bytes_max) made.resize(bytes_max);
    return made;
}

}  // namespace tests::fuzz
