#include "sim/testbed/boot/qemu.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

namespace sim::testbed::boot {
namespace {

using host::child::Child;
using host::file::TemporaryFolder;

// As kernel/bare/x86_64/power.hpp's Exit, seen through isa-debug-exit.
constexpr int status_succeeded = 0x10 * 2 + 1;
constexpr int status_cell_failed = 0x11 * 2 + 1;

// Where the debug console's bytes go.
std::string events_file(const BareOptions& options, const TemporaryFolder& folder) {
    return options.gdb_folder.empty() ? folder.file("events") : options.gdb_folder + "/events";
}

// A value of an option of QEMU's: a comma would end it.
std::string value(const std::string& text) {
    std::string all;
    for (const char c : text) all += c == ',' ? ",," : std::string{c};
    return all;
}

std::string blank_file(std::size_t disk, const TemporaryFolder& folder) {
    return folder.file("disk" + std::to_string(disk));
}

bool make_blank_disks(const BareOptions& options, const TemporaryFolder& folder) {
    for (std::size_t i = 0; i < options.disks.size(); ++i) {
        if (!options.disks[i].image.empty()) continue;
        const std::string path = blank_file(i, folder);
        std::ofstream{path};
        std::error_code error;
        std::filesystem::resize_file(path, options.disks[i].bytes, error);
        if (error) return false;
    }
    return true;
}

// Their places on PCI are in their order: so the kernel numbers them. The host need not flush what
// is not kept; the guest sees a volatile cache all the same.
void add_disks(std::vector<std::string>& all, const BareOptions& options,
               const TemporaryFolder& folder) {
    constexpr std::size_t first_place = 16;
    for (std::size_t i = 0; i < options.disks.size(); ++i) {
        const BareDisk& disk = options.disks[i];
        const bool blank = disk.image.empty();
        const std::string id = "disk" + std::to_string(i);
        const std::string place = std::to_string(first_place + i);
        all.insert(all.end(), {"-drive", "if=none,format=raw,id=" + id + ",file=" +
                                             value(blank ? blank_file(i, folder) : disk.image) +
                                             (disk.keep ? "" : ",cache=unsafe") +
                                             (blank || disk.keep ? "" : ",snapshot=on")});
        all.insert(all.end(), {"-device", (disk.nvme ? "nvme,serial=" + id
                                                     : "virtio-blk-pci,disable-legacy=on") +
                                              ",drive=" + id + ",addr=" + place});
    }
}

// What the firmware boots: a CD, or a disk behind all that cells see.
void add_boot(std::vector<std::string>& all, const BareOptions& options) {
    if (options.iso_device.empty()) {
        all.insert(all.end(), {"-cdrom", options.iso});
        return;
    }
    const std::string device =
        options.iso_device == "nvme" ? "nvme,serial=boot" : "virtio-blk-pci,disable-legacy=on";
    all.insert(all.end(), {"-drive", "if=none,format=raw,id=boot,snapshot=on,file=" +
                                         value(options.iso),
                           "-device", device + ",drive=boot,bootindex=0,addr=1e"});
}

std::vector<std::string> arguments(const BareOptions& options, std::uint64_t memory_mib,
                                   std::uint32_t cores, const TemporaryFolder& folder) {
    std::vector<std::string> all{
        options.qemu,  "-machine",   options.machine,     "-accel",  "tcg",
        "-cpu",        options.cpu,  "-m",                std::to_string(memory_mib),
        "-nodefaults", "-no-reboot", "-display",          "none",    "-serial",
        "stdio",       "-debugcon",  "file:" + events_file(options, folder),
        "-device",     "isa-debug-exit,iobase=0xf4,iosize=4"};
    if (options.iso.empty()) {
        all.insert(all.end(), {"-kernel", options.image, "-initrd", folder.file("bundle")});
        if (!options.command_line.empty()) {
            all.insert(all.end(), {"-append", options.command_line});
        }
    } else {
        add_boot(all, options);
        if (!options.firmware.empty()) all.insert(all.end(), {"-bios", options.firmware});
    }
    if (!options.gdb_folder.empty()) {
        all.insert(all.end(),
                   {"-S", "-gdb", "unix:" + options.gdb_folder + "/gdb,server=on,wait=off"});
    }
    add_disks(all, options, folder);
    if (cores > 1) all.insert(all.end(), {"-smp", std::to_string(cores)});
    if (options.count_instructions) all.insert(all.end(), {"-icount", "shift=0,sleep=off"});
    return all;
}

}  // namespace

std::expected<std::unique_ptr<Qemu>, std::string> Qemu::start(std::span<const std::byte> bundle,
                                                              CellRange part,
                                                              const BareOptions& options) {
    auto folder = std::make_unique<TemporaryFolder>();
    if (!folder->valid() || !write_part(bundle, part, folder->file("bundle"))) {
        return std::unexpected("cannot write the boot bundle to a temporary folder");
    }
    if (!make_blank_disks(options, *folder)) {
        return std::unexpected("cannot make a blank disk in a temporary folder");
    }
    constexpr std::uint64_t firmware_mib = 112;  // UEFI and GRUB keep copies of what they load
    std::uint64_t memory = options.memory_mib;
    if (memory == 0) {
        memory = boot::memory_mib(bundle);
        if (!options.iso.empty()) memory += firmware_mib + (bundle.size() >> 20);
    }
    const std::uint32_t cores = options.cores != 0 ? options.cores : cores_most(bundle);
    auto child = Child::start(arguments(options, memory, cores, *folder));
    if (!child) return std::unexpected(child.error());
    auto qemu = std::unique_ptr<Qemu>{new Qemu{std::move(*child), part, options}};
    qemu->folder_ = std::move(folder);
    for (std::uint32_t i = 0; i < part.count; ++i) {
        qemu->traced_.push_back(cell_of(bundle, part.first + i).trace_full != 0);
    }
    return qemu;
}

Qemu::Qemu(Child child, CellRange part, const BareOptions& options)
    : child_{std::move(child)},
      options_{options},
      part_{part},
      reader_{[this](engine::CellResult result) {
          if (ended_cells_ == part_.count) {  // more than there are: step() ends it
              excess_ = true;
              return;
          }
          const double now = host::child::seconds_now();
          result.host_seconds = now - std::exchange(begun_, now);
          result.cell = part_.first + ended_cells_++;
          finished_.push_back(std::move(result));
      }},
      begun_{host::child::seconds_now()} {}

void Qemu::log(const std::string& text) const {
    if (options_.log.empty()) return;
    std::ofstream file{options_.log, std::ios::app | std::ios::binary};
    file << text;
}

bool Qemu::step() {
    if (over_) return false;
    const std::string text = child_.read_output();
    if (!text.empty()) {
        log(text);
        reader_.feed(text);
    }
    if (!reader_.malformed().empty()) {
        end("its report cannot be read: " + reader_.malformed());
    } else if (excess_) {
        end("it reported more cells than there are");
    } else if (child_.ended()) {
        end({});
    } else if (host::child::seconds_now() - begun_ > options_.cell_seconds_max) {
        end("it took longer than " + std::to_string(options_.cell_seconds_max) +
            " s of host time");
    }
    return !over_;
}

// `why`: the machine is killed for it; empty: it ended by itself.
void Qemu::end(const std::string& why) {
    over_ = true;
    if (!why.empty()) child_.kill();
    const int status = child_.wait();
    read_events();
    const bool well = why.empty() && reader_.done() && ended_cells_ == part_.count &&
                      (status == status_succeeded || status == status_cell_failed);
    if (well || ended_cells_ >= part_.count) return;
    if (!reader_.panic().empty()) {
        fail_current("the kernel panicked: " + reader_.panic());
    } else if (!why.empty()) {
        fail_current(why);
    } else {
        fail_current("the virtual machine ended with status " + std::to_string(status) +
                     (child_.errors().empty() ? "" : ": " + child_.errors()));
    }
}

void Qemu::fail_current(const std::string& why) {
    engine::CellResult result = reader_.take_open();
    result.cell = part_.first + ended_cells_++;
    result.host_seconds = host::child::seconds_now() - begun_;
    result.error = why;
    finished_.push_back(std::move(result));
    left_ = CellRange{part_.first + ended_cells_, part_.count - ended_cells_};
}

// The debug console's file holds the traced cells' events, one cell's behind the other's.
void Qemu::read_events() {
    std::ifstream file{events_file(options_, *folder_), std::ios::binary};
    kernel::abi::Event event{};
    for (engine::CellResult& result : finished_) {
        if (!traced_[result.cell - part_.first]) continue;
        while (result.events.size() < result.outcome.events &&
               file.read(reinterpret_cast<char*>(&event), sizeof event)) {
            result.events.push_back(event);
        }
        result.trace_events = result.events.size();
    }
}

std::vector<engine::CellResult> Qemu::take_finished() {
    std::vector<engine::CellResult> ready;
    std::vector<engine::CellResult> waiting;
    for (engine::CellResult& result : finished_) {
        const std::uint32_t index = result.cell - part_.first;
        const bool wait = !over_ && index < traced_.size() && traced_[index];
        (wait ? waiting : ready).push_back(std::move(result));
    }
    finished_ = std::move(waiting);
    return ready;
}

}  // namespace sim::testbed::boot
