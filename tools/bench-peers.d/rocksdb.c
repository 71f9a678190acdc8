// RocksDB with pessimistic transactions and a synced write-ahead log, which commits of several threads share. TARGET is the folder.
#include "rotation.h"

#include <pthread.h>
#include <rocksdb/c.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static rocksdb_transactiondb_t *database;
static rocksdb_writeoptions_t *synced;
static rocksdb_readoptions_t *reading;
static rocksdb_transaction_options_t *locking;

static void check(char *error) {
  if (error) fail("RocksDB: %s", error);
}

static void *open_database(const char *target, int callers) {
  (void)callers;
  pthread_mutex_lock(&opening);
  if (!database) {
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    char *error = NULL;
    database = rocksdb_transactiondb_open(options, rocksdb_transactiondb_options_create(), target, &error);
    check(error);
    synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(synced, 1);
    reading = rocksdb_readoptions_create();
    locking = rocksdb_transaction_options_create();
  }
  pthread_mutex_unlock(&opening);
  // Reused from rotation to rotation.
  rocksdb_transaction_t **transaction = calloc(1, sizeof *transaction);
  return transaction;
}

static void put(rocksdb_transaction_t *transaction, const char *jti) {
  int64_t expires = time(NULL) + TTL_SECONDS;
  char *error = NULL;
  rocksdb_transaction_put(transaction, jti, JTI_LENGTH, (const char *)&expires, sizeof expires, &error);
  check(error);
}

static void issue(void *connection, const char *jti) {
  rocksdb_transaction_t **transaction = connection;
  *transaction = rocksdb_transaction_begin(database, synced, locking, *transaction);
  put(*transaction, jti);
  char *error = NULL;
  rocksdb_transaction_commit(*transaction, &error);
  check(error);
}

static int rotate(void *connection, const char *old, const char *successor) {
  rocksdb_transaction_t **transaction = connection;
  *transaction = rocksdb_transaction_begin(database, synced, locking, *transaction);
  char *error = NULL;
  size_t length = 0;
  char *value = rocksdb_transaction_get_for_update(*transaction, reading, old, JTI_LENGTH, &length, 1, &error);
  check(error);
  if (!value) {
    rocksdb_transaction_rollback(*transaction, &error);
    check(error);
    return 0;
  }
  rocksdb_free(value);
  rocksdb_transaction_delete(*transaction, old, JTI_LENGTH, &error);
  check(error);
  put(*transaction, successor);
  rocksdb_transaction_commit(*transaction, &error);
  check(error);
  return 1;
}

static void leave(void *connection) {
  rocksdb_transaction_t **transaction = connection;
  rocksdb_transaction_destroy(*transaction);
  free(transaction);
}

int main(int argc, char **argv) {
  static const struct peer peer = {open_database, issue, rotate, leave};
  return rotate_with_threads(argc, argv, &peer);
}
