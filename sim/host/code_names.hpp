// CodeNames: function names for code addresses, read from this executable's symbol table.
//
// Why not the C library's backtrace: an environment's stack is simulated memory, which it must
// not touch, and static functions are in no dynamic table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sim::host {

class CodeNames {
public:
    // Of the running executable; without symbols every name is its address.
    static CodeNames of_this_program();

    // "function+0x12", or the address where no symbol covers it.
    std::string name(std::uint64_t address) const;
    // Does `address` lie in this executable's code?
    bool code(std::uint64_t address) const;

private:
    struct Symbol {
        std::uint64_t address;
        std::uint64_t size;
        std::string name;
    };

    std::vector<Symbol> symbols_;  // functions, by address
};

}  // namespace sim::host
