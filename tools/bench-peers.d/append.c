// The machine's limit for one durable commit: 4 KiB appended and synced. TARGET is growing:FILE or preallocated:FILE.
#include "rotation.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 4096, BLOCKS = 16384 };

int main(int argc, char **argv) {
  if (argc != 4) fail("usage: %s TARGET 1 SECONDS", argv[0]);
  const char *file = strchr(argv[1], ':');
  int preallocates = strncmp(argv[1], "preallocated:", 13) == 0;
  if (!file) fail("TARGET is growing:FILE or preallocated:FILE");
  // Space is prepared once: giving it back each time would let the disk discard it during somebody else's turn.
  int descriptor = open(file + 1, O_RDWR | O_CREAT | O_CLOEXEC | (preallocates ? 0 : O_TRUNC), 0600);
  if (descriptor < 0) fail("%s cannot be made", file + 1);
  char *block = calloc(1, BLOCK);
  // Zeroes that were written, not only reserved: a sync of a block within them changes no metadata.
  int prepared = lseek(descriptor, 0, SEEK_END) == (off_t)BLOCKS * BLOCK;
  for (int i = 0; preallocates && !prepared && i < BLOCKS; i++)
    if (pwrite(descriptor, block, BLOCK, (off_t)i * BLOCK) != BLOCK) fail("a write failed");
  if (fsync(descriptor) != 0) fail("a sync failed");
  memset(block, 'x', BLOCK);

  static struct latencies latencies;
  uint64_t begin = now_nanoseconds(), end = begin + (uint64_t)(atof(argv[3]) * 1e9), start = begin;
  for (off_t i = 0; start < end; i++) {
    if (pwrite(descriptor, block, BLOCK, (preallocates ? i % BLOCKS : i) * BLOCK) != BLOCK) fail("a write failed");
    if (fdatasync(descriptor) != 0) fail("a sync failed");
    uint64_t done = now_nanoseconds();
    latencies_record(&latencies, done - start);
    start = done;
  }
  report(&latencies, (double)(start - begin) / 1e9);
  return 0;
}
