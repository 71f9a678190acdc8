// LMDB with its default flags: each commit syncs. TARGET is the folder.
#include "rotation.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdint.h>
#include <time.h>

static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static MDB_env *environment;
static MDB_dbi live;

static void check(int status, const char *call) {
  if (status != 0) fail("LMDB: %s: %s", call, mdb_strerror(status));
}

static void *open_environment(const char *target, int callers) {
  (void)callers;
  pthread_mutex_lock(&opening);
  if (!environment) {
    check(mdb_env_create(&environment), "mdb_env_create");
    check(mdb_env_set_mapsize(environment, (size_t)1 << 30), "mdb_env_set_mapsize");
    check(mdb_env_open(environment, target, 0, 0600), "mdb_env_open");
    MDB_txn *transaction = NULL;
    check(mdb_txn_begin(environment, NULL, 0, &transaction), "mdb_txn_begin");
    check(mdb_dbi_open(transaction, NULL, 0, &live), "mdb_dbi_open");
    check(mdb_txn_commit(transaction), "mdb_txn_commit");
  }
  pthread_mutex_unlock(&opening);
  return environment;
}

static void put(MDB_txn *transaction, const char *jti) {
  int64_t expires = time(NULL) + TTL_SECONDS;
  MDB_val key = {JTI_LENGTH, (void *)jti}, value = {sizeof expires, &expires};
  check(mdb_put(transaction, live, &key, &value, MDB_NOOVERWRITE), "mdb_put");
}

static void issue(void *connection, const char *jti) {
  MDB_txn *transaction = NULL;
  check(mdb_txn_begin(connection, NULL, 0, &transaction), "mdb_txn_begin");
  put(transaction, jti);
  check(mdb_txn_commit(transaction), "mdb_txn_commit");
}

static int rotate(void *connection, const char *old, const char *successor) {
  MDB_txn *transaction = NULL;
  check(mdb_txn_begin(connection, NULL, 0, &transaction), "mdb_txn_begin");
  MDB_val key = {JTI_LENGTH, (void *)old};
  int status = mdb_del(transaction, live, &key, NULL);
  if (status == MDB_NOTFOUND) {
    mdb_txn_abort(transaction);
    return 0;
  }
  check(status, "mdb_del");
  put(transaction, successor);
  check(mdb_txn_commit(transaction), "mdb_txn_commit");
  return 1;
}

// The end of the process closes the environment that all share.
static void leave(void *connection) { (void)connection; }

int main(int argc, char **argv) {
  static const struct peer peer = {open_environment, issue, rotate, leave};
  return rotate_with_threads(argc, argv, &peer);
}
