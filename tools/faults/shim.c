// Loaded into the server with LD_PRELOAD: the file calls below the log's folder fail as the control file says.
//
// The control file is shared memory with tools/faults/shim.py, which lays it out in the same way.
//   LEDGER_FAULT_CONTROL   the control file
//   LEDGER_FAULT_FOLDER    the log's folder, without a slash at its end

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum call { WRITE, DATA_SYNC, FOLDER_SYNC, RENAME, OPEN, TRUNCATE, UNLINK, CALLS };
enum form { NO_FAULT, FAIL, SHORTEN, HANG, NOTHING, TEAR };

struct control {
  _Atomic uint32_t form;
  uint32_t call;
  int32_t code;           // errno of the form FAIL
  uint32_t sticky;        // every call from then on, not one alone
  _Atomic int64_t left;   // the call that makes it 0 is the first to fail
  _Atomic uint64_t fired;
  _Atomic uint64_t seen[CALLS];
};

static struct control *control;
static const char *folder;
static size_t folder_length;

__attribute__((constructor)) static void attach(void) {
  const char *path = getenv("LEDGER_FAULT_CONTROL");
  folder = getenv("LEDGER_FAULT_FOLDER");
  if (path == NULL || folder == NULL) return;
  folder_length = strlen(folder);
  int descriptor = open(path, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) abort();
  void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) abort();
  close(descriptor);
  control = memory;
}

static bool is_ours(const char *path) {
  return strncmp(path, folder, folder_length) == 0 && (path[folder_length] == '/' || path[folder_length] == 0);
}

static bool is_our_descriptor(int descriptor) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return false;
  path[length] = 0;
  return is_ours(path);
}

// What is to become of this call on a path of the log's.
static enum form verdict(enum call call) {
  atomic_fetch_add(&control->seen[call], 1);
  enum form form = atomic_load(&control->form);
  if (form == NO_FAULT || control->call != call) return NO_FAULT;
  int64_t left = atomic_fetch_sub(&control->left, 1);
  if (left > 1 || (left < 1 && !control->sticky)) return NO_FAULT;
  atomic_fetch_add(&control->fired, 1);
  if (form == HANG) {
    // A disk that does not answer, until it does.
    while (atomic_load(&control->form) == HANG) nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    return NO_FAULT;
  }
  return form;
}

static enum form verdict_of_path(enum call call, const char *path) {
  return control != NULL && is_ours(path) ? verdict(call) : NO_FAULT;
}

static enum form verdict_of_descriptor(enum call call, int descriptor) {
  return control != NULL && is_our_descriptor(descriptor) ? verdict(call) : NO_FAULT;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int failed(void) {
  errno = control->code;
  return -1;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  // A write is torn at the last edge of a sector inside it; one that lies in one sector cannot be. Long writes are
  // space written ahead.
  off_t edge = count > 0 ? (offset + (off_t)count - 1) / 512 * 512 : 0;
  bool is_spared = control != NULL && atomic_load(&control->form) == TEAR && (edge <= offset || count > 65536);
  enum form form = is_spared ? NO_FAULT : verdict_of_descriptor(WRITE, descriptor);
  if (form == FAIL) return failed();
  if (form == NOTHING) return (ssize_t)count;
  if (form == TEAR) {
    REAL(pwrite)(descriptor, bytes, (size_t)(edge - offset), offset);
    return failed();
  }
  return REAL(pwrite)(descriptor, bytes, form == SHORTEN && count > 1 ? count / 2 : count, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
  return pwrite(descriptor, bytes, count, offset);
}

int fdatasync(int descriptor) {
  enum form form = verdict_of_descriptor(DATA_SYNC, descriptor);
  if (form == FAIL) return failed();
  return form == NOTHING ? 0 : REAL(fdatasync)(descriptor);
}

int fsync(int descriptor) {
  enum form form = verdict_of_descriptor(FOLDER_SYNC, descriptor);
  if (form == FAIL) return failed();
  return form == NOTHING ? 0 : REAL(fsync)(descriptor);
}

int rename(const char *from, const char *to) {
  return verdict_of_path(RENAME, to) == FAIL ? failed() : REAL(rename)(from, to);
}

int unlink(const char *path) {
  return verdict_of_path(UNLINK, path) == FAIL ? failed() : REAL(unlink)(path);
}

int ftruncate(int descriptor, off_t size) {
  return verdict_of_descriptor(TRUNCATE, descriptor) == FAIL ? failed() : REAL(ftruncate)(descriptor, size);
}

int ftruncate64(int descriptor, off64_t size) { return ftruncate(descriptor, size); }

int open(const char *path, int flags, ...) {
  mode_t mode = 0;
  if (flags & (O_CREAT | O_TMPFILE)) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  return verdict_of_path(OPEN, path) == FAIL ? failed() : REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  mode_t mode = 0;
  if (flags & (O_CREAT | O_TMPFILE)) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  return verdict_of_path(OPEN, path) == FAIL ? failed() : REAL(open64)(path, flags, mode);
}
