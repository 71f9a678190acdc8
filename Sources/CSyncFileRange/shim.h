#ifndef CSYNCFILERANGE_SHIM_H
#define CSYNCFILERANGE_SHIM_H
// sync_file_range(2), which Swift's module of glibc leaves out: fcntl.h declares it with _GNU_SOURCE alone.
#define LEDGER_SYNC_FILE_RANGE_WAIT_BEFORE 1
#define LEDGER_SYNC_FILE_RANGE_WRITE 2
#define LEDGER_SYNC_FILE_RANGE_WAIT_AFTER 4
extern int sync_file_range(int descriptor, long long offset, long long bytes, unsigned int flags);
#endif
