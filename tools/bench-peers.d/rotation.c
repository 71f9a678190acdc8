#include "rotation.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

uint64_t now_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t random_state(void) {
  uint64_t state = 0;
  if (getrandom(&state, sizeof state, 0) != sizeof state) fail("getrandom failed");
  return state;
}

// SplitMix64: cheap, so that the client costs the peer as little as can be.
static uint64_t next_random(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

void make_jti(uint64_t *state, char jti[JTI_LENGTH + 1]) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  uint64_t bits = 0;
  for (int i = 0; i < JTI_LENGTH; i++) {
    if (i % 10 == 0) bits = next_random(state);
    jti[i] = alphabet[bits & 63];
    bits >>= 6;
  }
  jti[JTI_LENGTH] = 0;
}

static int bucket_of(uint64_t value) {
  if (value < 64) return (int)value;
  int exponent = 63 - __builtin_clzll(value);
  int bucket = (exponent - 5) * 64 + (int)((value >> (exponent - 6)) & 63);
  return bucket < 64 * 40 ? bucket : 64 * 40 - 1;
}

static double value_of(int bucket) {
  if (bucket < 64) return bucket;
  int exponent = bucket / 64 + 5;
  return (double)((uint64_t)(64 + bucket % 64) << (exponent - 6)) + (double)((uint64_t)1 << (exponent - 6)) / 2;
}

void latencies_record(struct latencies *latencies, uint64_t nanoseconds) {
  latencies->counts[bucket_of(nanoseconds)]++;
  latencies->rotations++;
}

void latencies_add(struct latencies *sum, const struct latencies *part) {
  for (int i = 0; i < 64 * 40; i++) sum->counts[i] += part->counts[i];
  sum->rotations += part->rotations;
}

void report(const struct latencies *latencies, double seconds) {
  uint64_t seen = 0;
  int bucket = 0;
  while (bucket < 64 * 40 - 1 && (seen += latencies->counts[bucket]) * 2 < latencies->rotations) bucket++;
  printf("{\"rotations\": %llu, \"seconds\": %.6f, \"rotations_per_second\": %.1f, \"p50_us\": %.2f}\n",
         (unsigned long long)latencies->rotations, seconds, (double)latencies->rotations / seconds, value_of(bucket) / 1000);
}

struct run {
  const struct peer *peer;
  const char *target;
  int callers;
  double seconds;
  pthread_barrier_t ready;
};

struct caller {
  pthread_t thread;
  struct run *run;
  struct latencies latencies;
  uint64_t start, end;
};

static void *call(void *argument) {
  struct caller *caller = argument;
  struct run *run = caller->run;
  void *connection = run->peer->open(run->target, run->callers);
  uint64_t state = random_state();
  char jtis[2][JTI_LENGTH + 1];
  make_jti(&state, jtis[0]);
  run->peer->issue(connection, jtis[0]);
  pthread_barrier_wait(&run->ready);

  uint64_t start = now_nanoseconds(), end = start + (uint64_t)(run->seconds * 1e9);
  caller->start = start;
  for (int i = 0; start < end; i ^= 1) {
    make_jti(&state, jtis[i ^ 1]);
    if (!run->peer->rotate(connection, jtis[i], jtis[i ^ 1])) fail("a live id was refused");
    uint64_t done = now_nanoseconds();
    latencies_record(&caller->latencies, done - start);
    start = done;
  }
  caller->end = start;
  run->peer->close(connection);
  return NULL;
}

int rotate_with_threads(int argc, char **argv, const struct peer *peer) {
  if (argc != 4) fail("usage: %s TARGET CALLERS SECONDS", argv[0]);
  struct run run = {.peer = peer, .target = argv[1], .callers = atoi(argv[2]), .seconds = atof(argv[3])};
  if (run.callers < 1 || run.seconds <= 0) fail("CALLERS and SECONDS must be above 0");
  pthread_barrier_init(&run.ready, NULL, (unsigned)run.callers);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 512 << 10);
  struct caller *callers = calloc((size_t)run.callers, sizeof *callers);
  for (int i = 0; i < run.callers; i++) {
    callers[i].run = &run;
    if (pthread_create(&callers[i].thread, &attributes, call, &callers[i]) != 0) fail("no thread for caller %d", i);
  }
  struct latencies sum = {0};
  uint64_t start = UINT64_MAX, end = 0;
  for (int i = 0; i < run.callers; i++) {
    pthread_join(callers[i].thread, NULL);
    latencies_add(&sum, &callers[i].latencies);
    if (callers[i].start < start) start = callers[i].start;
    if (callers[i].end > end) end = callers[i].end;
  }
  report(&sum, (double)(end - start) / 1e9);
  free(callers);
  return 0;
}
