// Backlog: requests that found all servers busy, oldest first.
#pragma once

#include <algorithm>
#include <span>

#include "libos/rt/environment.hpp"

namespace scenarios::programs {

template <class Request>
class Backlog {
public:
    static constexpr std::size_t size_max = 1 << 16;

    explicit Backlog(libos::rt::Environment& env)
        : env_{env}, requests_{env.heap().array<Request>(size_max)} {
        if (requests_.empty()) env.panic("no memory for a backlog");
    }

    bool empty() const { return count_ == 0; }
    std::size_t most() const { return most_; }
    void push(const Request& request) {
        if (count_ == size_max) env_.panic("over ", size_max, " requests wait: overloaded");
        requests_[(first_ + count_++) % size_max] = request;
        most_ = std::max(most_, count_);
    }
    Request pop() {
        const Request request = requests_[first_];
        first_ = (first_ + 1) % size_max;
        --count_;
        return request;
    }

private:
    libos::rt::Environment& env_;
    std::span<Request> requests_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::size_t most_ = 0;
};

}  // namespace scenarios::programs
