#include "sim/host/interruption.hpp"

#include <cpuid.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iterator>
#include <utility>

#include "kernel/base/assert.hpp"

extern "C" void chitin_signal_return();  // signal_return.S

namespace sim::host {

namespace {

// What the system call takes, not what the C library takes.
struct KernelAction {
    void (*handler)(int, siginfo_t*, void*);
    unsigned long flags;
    void (*restorer)();
    std::uint64_t mask;
};

constexpr unsigned long sa_restorer = 0x0400'0000;
constexpr int fault_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
constexpr std::size_t signal_stack_bytes = 256 << 10;
constexpr std::size_t legacy_bytes = 512;
constexpr std::size_t mxcsr_offset = 24;
constexpr std::size_t software_bytes_offset = 464;  // of the legacy area: Linux's own
constexpr std::uint32_t xstate_magic = 0x4650'5853;
constexpr std::uint64_t xsave_components = 0xe7;  // x87, SSE, AVX, AVX-512

std::atomic<InterruptionHandler> the_handler{nullptr};
KernelAction actions_before[std::size(fault_signals)];

std::uint64_t mask_of(int signal) { return std::uint64_t{1} << (signal - 1); }

void set_action(int signal, const KernelAction* action, KernelAction* before) {
    const long got = syscall(SYS_rt_sigaction, signal, action, before, sizeof(std::uint64_t));
    CHITIN_ASSERT(got == 0);
}

// The host's own crash: whoever handled it before does, when the instruction runs again.
void give_back(int signal) {
    constexpr char text[] = "chitin: the simulator itself crashed (not a simulated program)\n";
    [[maybe_unused]] const auto written = write(2, text, sizeof text - 1);
    const auto* found = std::ranges::find(fault_signals, signal);
    set_action(signal, &actions_before[found - fault_signals], nullptr);
}

void take_signal(int signal, siginfo_t*, void* context) {
    const int error_before = errno;
    auto& host = *static_cast<ucontext_t*>(context);
    const auto& general = host.uc_mcontext.gregs;
    const Interruption interruption{.timer = signal == watchdog_signal(),
                                    .vector = static_cast<std::uint32_t>(general[REG_TRAPNO]),
                                    .error = static_cast<std::uint64_t>(general[REG_ERR]),
                                    .address = static_cast<std::uint64_t>(general[REG_CR2])};
    InterruptedRegisters registers{host};
    const bool mine = the_handler.load(std::memory_order_relaxed)(interruption, registers);
    if (!mine && !interruption.timer) give_back(signal);
    errno = error_before;
}

KernelAction action_for_faults() {
    KernelAction action{};
    action.handler = take_signal;
    action.flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART | sa_restorer;
    action.restorer = chitin_signal_return;
    action.mask = mask_of(watchdog_signal());
    return action;
}

}  // namespace

int watchdog_signal() { return SIGRTMIN + 5; }

void route_interruptions(InterruptionHandler handler) {
    const bool first = the_handler.exchange(handler) == nullptr;
    if (!first) return;
    const KernelAction action = action_for_faults();
    for (std::size_t i = 0; i < std::size(fault_signals); ++i) {
        set_action(fault_signals[i], &action, &actions_before[i]);
    }
    set_action(watchdog_signal(), &action, nullptr);
}

namespace {

// On a virtual machine asking the processor is dear.
bool ask_for_xsave() {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_OSXSAVE) != 0;
}

}  // namespace

bool xsave_supported() {
    static const bool supported = ask_for_xsave();
    return supported;
}

std::uint64_t code_selector() {
    std::uint64_t selector;
    asm("mov %%cs, %0" : "=r"(selector));
    return selector;
}

std::uint64_t stack_selector() {
    std::uint64_t selector;
    asm("mov %%ss, %0" : "=r"(selector));
    return selector;
}

std::uint64_t InterruptedRegisters::rip() const {
    return static_cast<std::uint64_t>(host_.uc_mcontext.gregs[REG_RIP]);
}

std::uint64_t InterruptedRegisters::rsp() const {
    return static_cast<std::uint64_t>(host_.uc_mcontext.gregs[REG_RSP]);
}

void InterruptedRegisters::save(kernel::abi::SavedState& state) const {
    const auto value = [this](int which) {
        return static_cast<std::uint64_t>(host_.uc_mcontext.gregs[which]);
    };
    state.rax = value(REG_RAX);
    state.rbx = value(REG_RBX);
    state.rcx = value(REG_RCX);
    state.rdx = value(REG_RDX);
    state.rsi = value(REG_RSI);
    state.rdi = value(REG_RDI);
    state.rbp = value(REG_RBP);
    state.r8 = value(REG_R8);
    state.r9 = value(REG_R9);
    state.r10 = value(REG_R10);
    state.r11 = value(REG_R11);
    state.r12 = value(REG_R12);
    state.r13 = value(REG_R13);
    state.r14 = value(REG_R14);
    state.r15 = value(REG_R15);
    state.rip = value(REG_RIP);
    state.rflags = value(REG_EFL);
    state.rsp = value(REG_RSP);
    state.cs = code_selector();
    state.ss = stack_selector();
}

// [intel/vol1] 13.4: legacy region, header, extended region. Linux writes the standard format
// and says in the legacy region's software bytes how much of it there is.
void InterruptedRegisters::save_floating_point(
    std::span<std::byte, kernel::abi::floating_point_size> area) const {
    const auto* frame = reinterpret_cast<const std::byte*>(host_.uc_mcontext.fpregs);
    std::uint32_t software[5];  // magic, size of all, features (two words), size of the area
    std::memcpy(software, frame + software_bytes_offset, sizeof software);
    const bool extended = software[0] == xstate_magic;
    const std::size_t bytes =
        extended ? std::min<std::size_t>(area.size(), software[4]) : legacy_bytes;
    std::memcpy(area.data(), frame, bytes);
    std::uint64_t header[8] = {};
    if (extended) std::memcpy(&header[0], frame + legacy_bytes, sizeof header[0]);
    header[0] &= xsave_components;
    if (!extended) header[0] = 3;
    std::memcpy(area.data() + legacy_bytes, header, sizeof header);
}

void InterruptedRegisters::redirect(std::uint64_t rip, std::uint64_t rsp) {
    constexpr greg_t clean_flags = 0x202;
    constexpr std::uint16_t x87_control = 0x37f;
    constexpr std::uint32_t sse_control = 0x1f80;
    host_.uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(rip);
    host_.uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>(rsp);
    host_.uc_mcontext.gregs[REG_EFL] = clean_flags;
    auto* frame = reinterpret_cast<std::byte*>(host_.uc_mcontext.fpregs);
    std::memcpy(frame, &x87_control, sizeof x87_control);
    std::memcpy(frame + mxcsr_offset, &sse_control, sizeof sse_control);
}

namespace {

// A thread has one for all its machines.
struct SignalMemory {
    void* memory = mmap(nullptr, signal_stack_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    ~SignalMemory() {
        if (memory != MAP_FAILED) munmap(memory, signal_stack_bytes);
    }
};
thread_local SignalMemory the_signal_memory;

}  // namespace

std::expected<SignalStack, std::string> SignalStack::create() {
    stack_t mine{};
    mine.ss_sp = the_signal_memory.memory;
    mine.ss_size = signal_stack_bytes;
    stack_t before{};
    if (mine.ss_sp == MAP_FAILED || sigaltstack(&mine, &before) != 0) {
        return std::unexpected(std::string{"the host refuses a signal stack: "} +
                               std::strerror(errno));
    }
    return SignalStack{before};
}

SignalStack::SignalStack(SignalStack&& other) noexcept
    : set_{std::exchange(other.set_, false)}, before_{other.before_} {}

SignalStack::~SignalStack() {
    if (set_) sigaltstack(&before_, nullptr);
}

}  // namespace sim::host
