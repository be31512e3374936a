#include "kernel/cap/forest.hpp"

namespace kernel::cap {

[[gnu::noinline]] Capability& Forest::at(CapRef ref) {
    CHITIN_ASSERT(ref != no_cap);
    return (&memory_.object<Capability>(table_frame_of(ref)))[index_of(ref)];
}

CapRef& Forest::head(FrameNumber object, CapRef parent) {
    return parent == no_cap ? memory_.frame(object).first_cap : at(parent).child;
}

bool Forest::alone(const Capability& capability) const {
    return capability.parent == no_cap && !memory_.in_pool(capability.object);
}

void Forest::link(CapRef ref, CapRef parent) {
    Capability& capability = at(ref);
    capability.parent = parent;
    if (alone(capability)) return;
    CapRef& first = head(capability.object, parent);
    capability.previous = no_cap;
    capability.next = first;
    if (first != no_cap) at(first).previous = ref;
    first = ref;
}

void Forest::unlink(CapRef ref) {
    Capability& capability = at(ref);
    if (alone(capability)) return;
    if (capability.previous != no_cap) {
        at(capability.previous).next = capability.next;
    } else {
        CapRef& first = head(capability.object, capability.parent);
        CHITIN_ASSERT(first == ref);
        first = capability.next;
    }
    if (capability.next != no_cap) at(capability.next).previous = capability.previous;
}

void Forest::insert(CapRef ref, CapType type, Rights rights, FrameNumber object, CapRef parent) {
    Capability& capability = at(ref);
    CHITIN_ASSERT(capability.type == CapType::none);
    capability = Capability{};
    capability.type = type;
    capability.rights = rights;
    capability.object = object;
    link(ref, parent);
    if (memory_.in_pool(object)) memory_.frame(object).caps++;
}

void Forest::remove(CapRef ref) {
    Capability& capability = at(ref);
    CHITIN_ASSERT(capability.type != CapType::none && capability.child == no_cap);
    unlink(ref);
    if (memory_.in_pool(capability.object)) memory_.frame(capability.object).caps--;
    capability = Capability{};
}

void Forest::move_child(CapRef ref, CapRef heir) {
    const CapRef child = at(ref).child;
    CHITIN_ASSERT(child != no_cap && heir != ref);
    unlink(child);
    link(child, heir);
}

}  // namespace kernel::cap
