// SPDX-License-Identifier: Apache-2.0
//
// Preloaded (LD_PRELOAD) into a program whose clock a test sets: the time of day is that of the
// machine plus the seconds in the file that DOPPEL_TEST_CLOCK names, a 64 bit integer that may
// change at any moment. Clocks that nobody can set (CLOCK_MONOTONIC) are left alone. A wait that is
// under way keeps its length. Uses nothing of the C++ library, since the server brings its own.
#include <cstdint>
#include <cstdlib>
#include <ctime>

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

using Wait = int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*);
using ClockWait = int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*);

const volatile std::int64_t* shift_of_the_clock = nullptr;
Wait real_wait = nullptr;
ClockWait real_clock_wait = nullptr;

__attribute__((constructor)) void begin() {
    real_wait = reinterpret_cast<Wait>(dlsym(RTLD_NEXT, "pthread_cond_timedwait"));
    real_clock_wait = reinterpret_cast<ClockWait>(dlsym(RTLD_NEXT, "pthread_cond_clockwait"));
    const char* const name = std::getenv("DOPPEL_TEST_CLOCK");
    const int file = name == nullptr ? -1 : open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return;
    }
    void* const memory = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (memory != MAP_FAILED) {
        shift_of_the_clock = static_cast<const volatile std::int64_t*>(memory);
    }
}

std::int64_t shift() {
    return shift_of_the_clock == nullptr ? 0 : *shift_of_the_clock;
}

/// A point in time by the shifted clock; times since the machine's start are much smaller.
timespec unshifted(const timespec& until) {
    constexpr std::int64_t kTimeOfDay = 1'000'000'000;
    timespec real = until;
    if (until.tv_sec > kTimeOfDay) {
        real.tv_sec -= shift();
    }
    return real;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
    const auto result = syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        now->tv_sec += shift();
    }
    return static_cast<int>(result);
}

int gettimeofday(timeval* now, void* /*zone*/) noexcept {
    timespec time{};
    clock_gettime(CLOCK_REALTIME, &time);
    now->tv_sec = time.tv_sec;
    now->tv_usec = time.tv_nsec / 1'000;
    return 0;
}

time_t time(time_t* out) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != nullptr) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

int pthread_cond_timedwait(
    pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until
) {
    const timespec real = unshifted(*until);
    return real_wait(condition, mutex, &real);
}

int pthread_cond_clockwait(
    pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until
) {
    const timespec real = unshifted(*until);
    return real_clock_wait(condition, mutex, clock, &real);
}
}
