// SQLite in WAL mode with synchronous=FULL. TARGET is the file; keep:FILE starts with 100,000 live ids and never checkpoints, so that
// the log can be weighed.
// Writers exclude each other in any case: one connection that the callers take in turn spares them the busy waiting.
#include "rotation.h"

#include <pthread.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static sqlite3 *database;
static sqlite3_stmt *begin, *insert, *erase, *commit;

static void run(const char *sql) {
  char *message = NULL;
  if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK) fail("SQLite: %s", message);
}

static sqlite3_stmt *prepare(const char *sql) {
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
    fail("SQLite: %s", sqlite3_errmsg(database));
  return statement;
}

static void step(sqlite3_stmt *statement) {
  if (sqlite3_step(statement) != SQLITE_DONE) fail("SQLite: %s", sqlite3_errmsg(database));
  sqlite3_reset(statement);
}

static void insert_live(const char *jti) {
  sqlite3_bind_text(insert, 1, jti, JTI_LENGTH, SQLITE_STATIC);
  sqlite3_bind_int64(insert, 2, time(NULL) + TTL_SECONDS);
  step(insert);
}

static void fill(int count) {
  uint64_t state = random_state();
  char jti[JTI_LENGTH + 1];
  run("PRAGMA wal_autocheckpoint=0");
  step(begin);
  for (int i = 0; i < count; i++) {
    make_jti(&state, jti);
    insert_live(jti);
  }
  step(commit);
  run("PRAGMA wal_checkpoint(TRUNCATE)");
}

static void *open_database(const char *target, int callers) {
  (void)callers;
  pthread_mutex_lock(&turn);
  if (!database) {
    int keeps = strncmp(target, "keep:", 5) == 0;
    if (sqlite3_open_v2(keeps ? target + 5 : target, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
      fail("SQLite does not open %s", target);
    sqlite3_busy_timeout(database, 10000);
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE IF NOT EXISTS live (jti TEXT PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID");
    begin = prepare("BEGIN IMMEDIATE");
    insert = prepare("INSERT INTO live VALUES (?1, ?2)");
    erase = prepare("DELETE FROM live WHERE jti = ?1");
    commit = prepare("COMMIT");
    if (keeps) fill(100000);
  }
  pthread_mutex_unlock(&turn);
  return &database;
}

static void issue(void *connection, const char *jti) {
  (void)connection;
  pthread_mutex_lock(&turn);
  insert_live(jti);
  pthread_mutex_unlock(&turn);
}

static int rotate(void *connection, const char *old, const char *successor) {
  (void)connection;
  pthread_mutex_lock(&turn);
  step(begin);
  sqlite3_bind_text(erase, 1, old, JTI_LENGTH, SQLITE_STATIC);
  step(erase);
  int was_live = sqlite3_changes(database) == 1;
  if (was_live) insert_live(successor);
  step(commit);
  pthread_mutex_unlock(&turn);
  return was_live;
}

// The end of the process closes the connection that all share.
static void leave(void *connection) { (void)connection; }

int main(int argc, char **argv) {
  static const struct peer peer = {open_database, issue, rotate, leave};
  return rotate_with_threads(argc, argv, &peer);
}
