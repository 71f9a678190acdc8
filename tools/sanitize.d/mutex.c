// Tells ThreadSanitizer what it cannot see of Synchronization.Mutex.
//
// The fast path of lock and unlock is inlined into our code, whose atomic operations ThreadSanitizer sees. Under
// contention they call into libswiftSynchronization, which is built without ThreadSanitizer, and there the kernel hands
// the lock over (FUTEX_LOCK_PI). The order that this makes is real, and unknown to the tool: everything behind a
// contended mutex would be reported as a race. These two functions stand before those of the library, call them, and add
// that one order. No report is suppressed: a race outside of a mutex is found as before.
//
// tools/sanitize preloads this file into the tests; it is no part of the product.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// In the ThreadSanitizer runtime, which is linked into the program.
extern void __tsan_acquire(void *address);
extern void __tsan_release(void *address);

typedef __attribute__((swiftcall)) void (*slow_lock)(uint32_t thread, __attribute__((swift_context)) void *mutex);
typedef __attribute__((swiftcall)) void (*slow_unlock)(__attribute__((swift_context)) void *mutex);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, __attribute__((swift_context)) void *mutex) __asm__(LOCK);
__attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) void *mutex) __asm__(UNLOCK);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, __attribute__((swift_context)) void *mutex) {
  static slow_lock next;
  if (next == 0) next = (slow_lock)dlsym(RTLD_NEXT, LOCK);
  next(thread, mutex);
  __tsan_acquire(mutex);
}

__attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) void *mutex) {
  static slow_unlock next;
  if (next == 0) next = (slow_unlock)dlsym(RTLD_NEXT, UNLOCK);
  __tsan_release(mutex);
  next(mutex);
}
