// Redis over TCP with hiredis. TARGET is threads:PORT (a blocking connection and a thread for each caller), events:PORT (one thread
// that waits for all connections with epoll), fill:PORT, which makes CALLERS ids live, in pipelines, or sha:PORT, which loads the
// script, makes the id in the place of CALLERS live, and prints the names of both for redis-benchmark.
#include "rotation.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

static const char script[] =
    "if redis.call('GETDEL', KEYS[1]) then redis.call('SETEX', KEYS[2], ARGV[1], 'valid') return 1 else return 0 end";
static const char prefix[] = "refresh-jti:";

struct connection {
  redisContext *redis;
  char sha[41];
  // Of the event loop.
  uint64_t start;
  char jtis[2][JTI_LENGTH + 1];
  int live;
};

static void *connect_to(const char *target, int callers) {
  (void)callers;
  const char *port = strchr(target, ':');
  struct connection *connection = calloc(1, sizeof *connection);
  connection->redis = redisConnect("127.0.0.1", port ? atoi(port + 1) : 0);
  if (!connection->redis || connection->redis->err) fail("no connection to Redis");
  redisReply *reply = redisCommand(connection->redis, "SCRIPT LOAD %s", script);
  if (!reply || reply->type != REDIS_REPLY_STRING) fail("SCRIPT LOAD failed");
  memcpy(connection->sha, reply->str, 40);
  freeReplyObject(reply);
  return connection;
}

static void issue(void *opaque, const char *jti) {
  struct connection *connection = opaque;
  redisReply *reply = redisCommand(connection->redis, "SETEX %s%s %d valid", prefix, jti, TTL_SECONDS);
  if (!reply || reply->type != REDIS_REPLY_STATUS) fail("SETEX failed");
  freeReplyObject(reply);
}

static void append_rotation(struct connection *connection, const char *old, const char *successor) {
  char keys[2][sizeof prefix + JTI_LENGTH], ttl[16];
  size_t length = sizeof prefix - 1;
  memcpy(keys[0], prefix, length);
  memcpy(keys[1], prefix, length);
  memcpy(keys[0] + length, old, JTI_LENGTH);
  memcpy(keys[1] + length, successor, JTI_LENGTH);
  int digits = snprintf(ttl, sizeof ttl, "%d", TTL_SECONDS);
  const char *words[] = {"EVALSHA", connection->sha, "2", keys[0], keys[1], ttl};
  size_t lengths[] = {7, 40, 1, length + JTI_LENGTH, length + JTI_LENGTH, (size_t)digits};
  if (redisAppendCommandArgv(connection->redis, 6, words, lengths) != REDIS_OK) fail("a command could not be made");
}

static int granted(redisReply *reply) {
  if (!reply) fail("Redis closed the connection");
  if (reply->type == REDIS_REPLY_ERROR) fail("Redis: %s", reply->str);
  int result = reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
  freeReplyObject(reply);
  return result;
}

static int rotate(void *opaque, const char *old, const char *successor) {
  struct connection *connection = opaque;
  append_rotation(connection, old, successor);
  void *reply = NULL;
  if (redisGetReply(connection->redis, &reply) != REDIS_OK) fail("Redis: %s", connection->redis->errstr);
  return granted(reply);
}

static void disconnect(void *opaque) {
  struct connection *connection = opaque;
  redisFree(connection->redis);
  free(connection);
}

static void send_next(struct connection *connection, uint64_t *state) {
  make_jti(state, connection->jtis[connection->live ^ 1]);
  append_rotation(connection, connection->jtis[connection->live], connection->jtis[connection->live ^ 1]);
  connection->start = now_nanoseconds();
  for (int done = 0; !done;)
    if (redisBufferWrite(connection->redis, &done) != REDIS_OK) fail("Redis: %s", connection->redis->errstr);
}

/// True where the reply came whole.
static int receive(struct connection *connection) {
  void *reply = NULL;
  if (redisBufferRead(connection->redis) != REDIS_OK || redisGetReplyFromReader(connection->redis, &reply) != REDIS_OK)
    fail("Redis: %s", connection->redis->errstr);
  if (!reply) return 0;
  if (!granted(reply)) fail("a live id was refused");
  connection->live ^= 1;
  return 1;
}

static void rotate_with_events(const char *target, int callers, double seconds) {
  static struct latencies latencies;
  struct connection **connections = calloc((size_t)callers, sizeof *connections);
  uint64_t state = random_state();
  int poll = epoll_create1(0);
  for (int i = 0; i < callers; i++) {
    connections[i] = connect_to(target, callers);
    make_jti(&state, connections[i]->jtis[0]);
    issue(connections[i], connections[i]->jtis[0]);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connections[i]};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, connections[i]->redis->fd, &event) != 0) fail("epoll_ctl failed");
  }
  uint64_t start = now_nanoseconds(), end = start + (uint64_t)(seconds * 1e9), now = start;
  for (int i = 0; i < callers; i++) send_next(connections[i], &state);
  while (now < end) {
    struct epoll_event events[512];
    int count = epoll_wait(poll, events, 512, 1000);
    for (int i = 0; i < count; i++) {
      struct connection *connection = events[i].data.ptr;
      if (!receive(connection)) continue;
      now = now_nanoseconds();
      latencies_record(&latencies, now - connection->start);
      send_next(connection, &state);
    }
    if (count < 1) fail("Redis did not answer for a second");
  }
  report(&latencies, (double)(now - start) / 1e9);
}

static void fill(const char *target, int count) {
  struct connection *connection = connect_to(target, 1);
  uint64_t state = random_state();
  for (int done = 0; done < count;) {
    int batch = count - done < 1000 ? count - done : 1000;
    for (int i = 0; i < batch; i++) {
      char jti[JTI_LENGTH + 1];
      make_jti(&state, jti);
      redisAppendCommand(connection->redis, "SETEX %s%s %d valid", prefix, jti, TTL_SECONDS);
    }
    for (int i = 0; i < batch; i++) {
      void *reply = NULL;
      if (redisGetReply(connection->redis, &reply) != REDIS_OK) fail("Redis: %s", connection->redis->errstr);
      freeReplyObject(reply);
    }
    done += batch;
  }
  disconnect(connection);
}

int main(int argc, char **argv) {
  static const struct peer peer = {connect_to, issue, rotate, disconnect};
  if (argc == 4 && strncmp(argv[1], "events:", 7) == 0) {
    rotate_with_events(argv[1], atoi(argv[2]), atof(argv[3]));
    return 0;
  }
  if (argc == 4 && strncmp(argv[1], "fill:", 5) == 0) {
    fill(argv[1], atoi(argv[2]));
    return 0;
  }
  if (argc == 4 && strncmp(argv[1], "sha:", 4) == 0) {
    struct connection *connection = connect_to(argv[1], 1);
    issue(connection, argv[2]);
    printf("%s %s%s\n", connection->sha, prefix, argv[2]);
    disconnect(connection);
    return 0;
  }
  return rotate_with_threads(argc, argv, &peer);
}
