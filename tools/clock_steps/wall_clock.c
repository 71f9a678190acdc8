// Loaded into the server with LD_PRELOAD: the wall clock is as far off as the control file says, from one reading to the next.
//
// Only CLOCK_REALTIME and its kin move. CLOCK_MONOTONIC and CLOCK_BOOTTIME stay what they are, as on a machine whose clock is set.
// The control file is shared memory with tools/clock_steps/wall_clock.py, which lays it out in the same way.
//   LEDGER_CLOCK_CONTROL   the control file
// The kernel is asked directly, so nothing here needs dlsym and a reading before our constructor ran is right too.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct control {
  _Atomic int64_t offset_ms;
  // How long a reading of the wall clock is held up, and how many of them still are.
  _Atomic int64_t pause_before_ms;
  _Atomic int64_t pause_after_ms;
  _Atomic int64_t pauses_left;
  _Atomic uint64_t readings;
  // Timers of the kernel's that go by the true wall clock: what waits for one is not moved.
  _Atomic uint64_t wall_timers;
};

static struct control *control;

__attribute__((constructor)) static void attach(void) {
  const char *path = getenv("LEDGER_CLOCK_CONTROL");
  if (path == NULL) return;
  int descriptor = open(path, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) abort();
  void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) abort();
  close(descriptor);
  control = memory;
}

static bool is_wall(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI || clock == CLOCK_REALTIME_ALARM;
}

static struct timespec moved(struct timespec time, int64_t ms) {
  int64_t nanoseconds = time.tv_nsec + ms % 1000 * 1000000;
  time.tv_sec += ms / 1000;
  if (nanoseconds < 0) {
    nanoseconds += 1000000000;
    time.tv_sec -= 1;
  } else if (nanoseconds >= 1000000000) {
    nanoseconds -= 1000000000;
    time.tv_sec += 1;
  }
  time.tv_nsec = nanoseconds;
  return time;
}

// In slices, so that the control file can end the pause.
static void pause_for(int64_t ms) {
  while (ms > 0) {
    int64_t slice = ms < 50 ? ms : 50;
    syscall(SYS_nanosleep, &(struct timespec){.tv_nsec = slice * 1000000}, NULL);
    ms -= slice;
  }
}

static int read_clock(clockid_t clock, struct timespec *time) {
  if (control == NULL || !is_wall(clock)) return (int)syscall(SYS_clock_gettime, clock, time);
  atomic_fetch_add(&control->readings, 1);
  bool is_held = atomic_load(&control->pauses_left) > 0 && atomic_fetch_sub(&control->pauses_left, 1) > 0;
  if (is_held) pause_for(atomic_load(&control->pause_before_ms));
  int result = (int)syscall(SYS_clock_gettime, clock, time);
  if (result == 0) *time = moved(*time, atomic_load(&control->offset_ms));
  if (is_held) pause_for(atomic_load(&control->pause_after_ms));
  return result;
}

int clock_gettime(clockid_t clock, struct timespec *time) { return read_clock(clock, time); }

#if __TIMESIZE == 32
// Where time_t has 32 bits, programs that were built for 64 call this one.
int __clock_gettime64(clockid_t clock, struct timespec *time) { return read_clock(clock, time); }
#endif

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec now;
  if (read_clock(CLOCK_REALTIME, &now) != 0) return -1;
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *seconds) {
  struct timespec now;
  if (read_clock(CLOCK_REALTIME, &now) != 0) return -1;
  if (seconds != NULL) *seconds = now.tv_sec;
  return now.tv_sec;
}

int timespec_get(struct timespec *time, int base) {
  return base == TIME_UTC && read_clock(CLOCK_REALTIME, time) == 0 ? base : 0;
}

// A wait until a moment of the wall clock, which its caller has computed from a moved reading, becomes one of CLOCK_MONOTONIC.
// A moment that is nearer to what CLOCK_MONOTONIC shows is one of its own: the condition variable was made so.
static struct timespec monotonic(const struct timespec *moment) {
  struct timespec wall, now;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &wall);
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  if (control != NULL) wall = moved(wall, atomic_load(&control->offset_ms));
  int64_t from_wall = (int64_t)moment->tv_sec - wall.tv_sec, from_now = (int64_t)moment->tv_sec - now.tv_sec;
  if (llabs(from_now) <= llabs(from_wall)) return *moment;
  now.tv_sec += from_wall;
  return moved(now, (moment->tv_nsec - wall.tv_nsec) / 1000000);
}

int pthread_cond_timedwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict moment) {
  struct timespec until = monotonic(moment);
  return pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &until);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict moment) {
  struct timespec until = monotonic(moment);
  return sem_clockwait(semaphore, CLOCK_MONOTONIC, &until);
}

int timerfd_create(int clock, int flags) {
  if (control != NULL && is_wall(clock)) atomic_fetch_add(&control->wall_timers, 1);
  return (int)syscall(SYS_timerfd_create, clock, flags);
}
