// Loaded into PostgreSQL with LD_PRELOAD: each sync of a file takes as much longer as the control file says.
//
// The control file is shared memory with slow_sync.py, which lays it out in the same way.
//   LEDGER_SYNC_CONTROL   the control file
// The kernel is asked directly, so nothing here needs dlsym.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct control {
  _Atomic int64_t delay_ms;
  _Atomic uint64_t syncs;
};

static struct control *control;

__attribute__((constructor)) static void attach(void) {
  const char *path = getenv("LEDGER_SYNC_CONTROL");
  if (path == NULL) return;
  int descriptor = open(path, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) abort();
  void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) abort();
  close(descriptor);
  control = memory;
}

static void wait_as_told(void) {
  if (control == NULL) return;
  control->syncs++;
  int64_t delay = control->delay_ms;
  if (delay <= 0) return;
  struct timespec rest = {.tv_sec = delay / 1000, .tv_nsec = delay % 1000 * 1000000};
  while (nanosleep(&rest, &rest) != 0) {}
}

int fsync(int descriptor) {
  wait_as_told();
  return (int)syscall(SYS_fsync, descriptor);
}

int fdatasync(int descriptor) {
  wait_as_told();
  return (int)syscall(SYS_fdatasync, descriptor);
}
