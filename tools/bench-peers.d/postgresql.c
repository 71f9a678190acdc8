// PostgreSQL with libpq. TARGET is the connection string. One prepared statement deletes and inserts: atomic, and one way there and back.
#include "rotation.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

static void *connect_to(const char *target, int callers) {
  (void)callers;
  PGconn *connection = PQconnectdb(target);
  if (PQstatus(connection) != CONNECTION_OK) fail("PostgreSQL: %s", PQerrorMessage(connection));
  PGresult *result = PQprepare(connection, "rotate",
                               "WITH consumed AS (DELETE FROM live WHERE jti = $1 RETURNING jti)"
                               " INSERT INTO live SELECT $2, now() + interval '30 days' FROM consumed",
                               2, NULL);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail("PostgreSQL: %s", PQerrorMessage(connection));
  PQclear(result);
  return connection;
}

static void issue(void *connection, const char *jti) {
  const char *values[] = {jti};
  PGresult *result = PQexecParams(connection, "INSERT INTO live VALUES ($1, now() + interval '30 days')", 1, NULL, values, NULL, NULL, 0);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail("PostgreSQL: %s", PQerrorMessage(connection));
  PQclear(result);
}

static int rotate(void *connection, const char *old, const char *successor) {
  const char *values[] = {old, successor};
  PGresult *result = PQexecPrepared(connection, "rotate", 2, values, NULL, NULL, 0);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail("PostgreSQL: %s", PQerrorMessage(connection));
  int was_live = strcmp(PQcmdTuples(result), "1") == 0;
  PQclear(result);
  return was_live;
}

static void disconnect(void *connection) { PQfinish(connection); }

int main(int argc, char **argv) {
  static const struct peer peer = {connect_to, issue, rotate, disconnect};
  return rotate_with_threads(argc, argv, &peer);
}
