// What a client of a peer must be able to do, and what all clients share: callers, clock, latencies.
#ifndef ROTATION_H
#define ROTATION_H

#include <stdint.h>

enum { JTI_LENGTH = 22, TTL_SECONDS = 2592000 };

/// One store. `open` is called by each caller's own thread; a caller has one rotation under way at a time.
struct peer {
  void *(*open)(const char *target, int callers);
  /// Makes `jti` live, under a TTL where the store has one.
  void (*issue)(void *connection, const char *jti);
  /// Ends `old` and makes `successor` live, both or neither; durable when it returns, where the store is set up so. 1 where `old` was live.
  int (*rotate)(void *connection, const char *old, const char *successor);
  void (*close)(void *connection);
};

/// A histogram whose buckets are 1/64 of their value wide.
struct latencies {
  uint32_t counts[64 * 40];
  uint64_t rotations;
};

void latencies_record(struct latencies *latencies, uint64_t nanoseconds);
void latencies_add(struct latencies *sum, const struct latencies *part);
/// Prints rotations, seconds, rate and p50 as one JSON object.
void report(const struct latencies *latencies, double seconds);

uint64_t now_nanoseconds(void);
/// A new random id, ended by a zero.
void make_jti(uint64_t *state, char jti[JTI_LENGTH + 1]);
uint64_t random_state(void);

_Noreturn void fail(const char *format, ...);

/// Rotates with a thread for each caller: main of a client, whose arguments are TARGET CALLERS SECONDS.
int rotate_with_threads(int argc, char **argv, const struct peer *peer);

#endif
