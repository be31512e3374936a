#include "libos/vm/leaf_views.hpp"

namespace libos::vm {

rt::Result<void> LeafViews::begin(rt::Space& space, rt::VirtAddr first, std::uint32_t pages) {
    const std::uint32_t tables = tables_of(pages);
    const rt::VirtAddr near = space.reserve(tables);
    for (std::uint32_t i = 0; i < tables; ++i) {
        const rt::VirtAddr covered{first.value + i * rt::leaf_span};
        const rt::Slot table = TRY(space.install_leaf(covered));
        const rt::Slot view = TRY(space.take_slot());
        TRY(rt::calls::cap_derive(table, view, rt::Rights::read));
        const rt::VirtAddr at{near.value + i * kernel::abi::page_size};
        TRY(space.map(view, at, rt::Rights::read));
    }
    views_ = reinterpret_cast<const volatile std::uint64_t*>(near.value);
    return {};
}

}  // namespace libos::vm
