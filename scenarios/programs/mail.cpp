// mail: a server's spool as a maildir: many small files that come, are read, move and go.
//
// Each round delivers a message (create in tmp, write, fsync, rename into new), reads one, files
// one (rename into cur) and deletes one; the messages are chosen at random. A message's bytes
// depend on its number and are compared when it is read. After PostMark (Katcher, NetApp TR-3022,
// 1997) and filebench's varmail; the maildir's protocol is Bernstein's. Exit code 1: a message was
// not as it was delivered.
#include "libos/load/random.hpp"
#include "scenarios/programs/volume.hpp"

namespace {

using namespace scenarios::programs;

constexpr Parameter own_parameters[] = {
    {"messages", ParameterKind::integer, "200", "in the spool at the beginning", 1, 5000},
    {"rounds", ParameterKind::integer, "300", "deliveries, readings, filings and deletions", 1,
     100000},
    {"bytes_max", ParameterKind::integer, "8192", "of a message: any size up to it", 1, 65536},
    {"think_us", ParameterKind::integer, "0", "virtual us between two rounds", 0, 10'000'000},
};
constexpr auto parameters = with_volume(own_parameters);

template <class Format>
class Work {
public:
    Work(Environment& env, ExtentDevice& device, const VolumeSetup& setup)
        : env_{env}, volume_{env, device, setup}, random_{env.start().seed} {
        const auto& given = env.arguments();
        rounds_ = static_cast<std::uint32_t>(given.integer("rounds"));
        first_ = static_cast<std::uint32_t>(given.integer("messages"));
        bytes_max_ = static_cast<std::size_t>(given.integer("bytes_max"));
        data_ = env.heap().array<std::byte>(bytes_max_);
        found_ = env.heap().array<std::byte>(bytes_max_ + 1);
        messages_ = env.heap().array<Message>(first_ + 1);
        if (data_.empty() || found_.empty() || messages_.empty()) env.panic("no memory");
    }

    int run() {
        volume_.format();
        volume_.mount();
        auto& fs = volume_.fs();
        tmp_ = volume_.must(fs.make_directory(fs.root(), "tmp", {}), "make_directory");
        new_ = volume_.must(fs.make_directory(fs.root(), "new", {}), "make_directory");
        cur_ = volume_.must(fs.make_directory(fs.root(), "cur", {}), "make_directory");
        for (std::uint32_t i = 0; i < first_; ++i) deliver(false);
        volume_.must(fs.sync(), "sync");
        const std::uint32_t wrong = work();
        volume_.unmount();
        if (wrong != 0) env_.say("mail: ", wrong, " messages are not as delivered");
        return wrong == 0 ? 0 : 1;
    }

private:
    struct Message {
        std::uint32_t number = 0;
        bool filed = false;
    };

    std::uint32_t work() {
        ExtentDevice& device = volume_.device();
        const auto think = static_cast<std::uint64_t>(env_.arguments().integer("think_us")) * 1000;
        Meter delivering{env_, device}, reading{env_, device}, filing{env_, device},
            deleting{env_, device};
        std::uint64_t delivered = 0;
        std::uint64_t read = 0;
        std::uint32_t wrong = 0;
        for (std::uint32_t i = 0; i < rounds_; ++i) {
            volume_.take_time();
            delivering.time([&] { delivered += deliver(true); });
            reading.time([&] { read += fetch(); });
            wrong += as_delivered() ? 0 : 1;
            filing.time([&] { file(); });
            deleting.time([&] { remove(); });
            if (think != 0) env_.compute(kernel::abi::Nanoseconds{think});
        }
        delivering.report("deliver", delivered);
        reading.report("read", read);
        filing.report("file", 0);
        deleting.report("delete", 0);
        return wrong;
    }

    std::size_t size_of(std::uint32_t number) const {
        return 1 + number * 2654435761u % bytes_max_;
    }

    std::size_t deliver(bool durable) {
        auto& fs = volume_.fs();
        const std::uint32_t number = next_++;
        const Memory bytes = data_.first(size_of(number));
        fill(bytes, number);
        char name[12];
        const std::string_view text = name_of('m', number, name);
        const fs::Inode inode = volume_.must(fs.create(tmp_, text, {}), "create");
        const auto part = volume_.must(fs.write(inode, 0, bytes), "write");
        if (part != bytes.size()) env_.panic("the disk is full");
        if (durable) volume_.must(fs.fsync(inode, false), "fsync");
        volume_.must(fs.rename(tmp_, text, new_, text, false), "rename");
        messages_[count_++] = {number, false};
        return bytes.size();
    }

    std::size_t fetch() {
        auto& fs = volume_.fs();
        const Message& message = any();
        char name[12];
        const auto inode = volume_.must(
            fs.lookup(message.filed ? cur_ : new_, name_of('m', message.number, name)), "lookup");
        read_ = message.number;
        size_ = volume_.must(fs.read(inode, 0, found_), "read");
        return size_;
    }

    bool as_delivered() {
        if (size_ != size_of(read_)) return false;
        fill(data_.first(size_), read_);
        return __builtin_memcmp(data_.data(), found_.data(), size_) == 0;
    }

    void file() {
        Message& message = any();
        if (message.filed) return;
        char name[12];
        const std::string_view text = name_of('m', message.number, name);
        volume_.must(volume_.fs().rename(new_, text, cur_, text, false), "rename");
        message.filed = true;
    }

    void remove() {
        Message& message = any();
        char name[12];
        volume_.must(volume_.fs().unlink(message.filed ? cur_ : new_,
                                         name_of('m', message.number, name)),
                     "unlink");
        message = messages_[--count_];
    }

    Message& any() { return messages_[random_.below(count_)]; }

    Environment& env_;
    Volume<Format> volume_;
    libos::load::Random random_;
    std::uint32_t rounds_ = 0;
    std::uint32_t first_ = 0;
    std::uint32_t next_ = 0;
    std::uint32_t count_ = 0;
    std::uint32_t read_ = 0;
    std::size_t size_ = 0;
    std::size_t bytes_max_ = 0;
    Memory data_, found_;
    std::span<Message> messages_;
    fs::Inode tmp_{}, new_{}, cur_{};
};

int run(Environment& env) {
    return on_volume(env, [&]<class Format>(ExtentDevice& device, const VolumeSetup& setup) {
        static_assert(sizeof(Work<Format>) < (std::size_t{64} << 10), "it lies on the stack");
        Work<Format> work{env, device, setup};
        return work.run();
    });
}

}  // namespace

CHITIN_PROGRAM(mail, "A mail server's spool: deliver with fsync, read, file, delete.", parameters,
               run)
