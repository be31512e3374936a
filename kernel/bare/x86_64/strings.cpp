// The C library's string functions that the kernel's headers refer to.
#include <cstddef>

extern "C" {

std::size_t strlen(const char* text) {
    std::size_t size = 0;
    while (text[size] != '\0') ++size;
    return size;
}

int strcmp(const char* left, const char* right) {
    while (*left != '\0' && *left == *right) {
        ++left;
        ++right;
    }
    return static_cast<unsigned char>(*left) - static_cast<unsigned char>(*right);
}

}  // extern "C"
