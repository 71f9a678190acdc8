// A token endpoint over HTTP/1.1: one thread that waits for all connections with epoll, so that little of the machine goes to the
// client. Each connection logs in once and carries the refresh token of each reply into its next request.
// TARGET is PORT:USER:PASSWORD or PORT:USER:PASSWORD:CLIENT, of characters that a form need not escape.
#define _GNU_SOURCE
#include "rotation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REPLY_BYTES_MAX = 16384, TOKEN_BYTES_MAX = 4096 };

struct connection {
  int socket;
  uint64_t start;
  size_t length;
  char reply[REPLY_BYTES_MAX + 1];
  char token[TOKEN_BYTES_MAX];
};

static char port[8], user[64], password[128], client[80];

static void read_target(const char *target) {
  char id[64] = "";
  if (sscanf(target, "%7[0-9]:%63[^:]:%127[^:]:%63s", port, user, password, id) < 3) fail("TARGET is PORT:USER:PASSWORD[:CLIENT]");
  if (id[0]) snprintf(client, sizeof client, "&client_id=%s", id);
}

static void connect_to_server(struct connection *connection) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(connection->socket, (struct sockaddr *)&address, sizeof address) != 0) fail("no connection to port %s", port);
  int on = 1;
  setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void post(struct connection *connection, const char *form, size_t length) {
  char request[TOKEN_BYTES_MAX + 1024];
  int size = snprintf(request, sizeof request,
                      "POST /token HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                      "Content-Length: %zu\r\n\r\n%.*s",
                      port, length, (int)length, form);
  connection->length = 0;
  connection->start = now_nanoseconds();
  // Far smaller than the buffer of an idle socket.
  if (send(connection->socket, request, (size_t)size, MSG_NOSIGNAL) != size) fail("a request was not taken");
}

static void post_refresh(struct connection *connection) {
  char form[TOKEN_BYTES_MAX + 256];
  int length = snprintf(form, sizeof form, "grant_type=refresh_token&refresh_token=%s%s", connection->token, client);
  post(connection, form, (size_t)length);
}

/// True where the reply is there whole; its refresh token is then the connection's.
static int receive(struct connection *connection) {
  ssize_t count = recv(connection->socket, connection->reply + connection->length, REPLY_BYTES_MAX - connection->length, 0);
  if (count <= 0) fail("the server closed a connection");
  connection->length += (size_t)count;
  connection->reply[connection->length] = 0;
  char *body = strstr(connection->reply, "\r\n\r\n");
  if (!body) return 0;
  char *announced = strcasestr(connection->reply, "\r\ncontent-length:");
  if (!announced || announced > body) fail("a reply without Content-Length");
  body += 4;
  if (connection->length - (size_t)(body - connection->reply) < strtoul(announced + 17, NULL, 10)) return 0;

  if (strncmp(connection->reply, "HTTP/1.1 200 ", 13) != 0) fail("a rotation was answered: %.60s", connection->reply);
  static const char name[] = "\"refresh_token\":\"";
  char *token = strstr(body, name);
  char *end = token ? strchr(token + sizeof name - 1, '"') : NULL;
  size_t length = end ? (size_t)(end - token) - (sizeof name - 1) : 0;
  if (!length || length >= sizeof connection->token) fail("a reply without a refresh token");
  token += sizeof name - 1;
  if (strncmp(token, connection->token, length) == 0 && !connection->token[length]) fail("a token was answered with itself");
  memcpy(connection->token, token, length);
  connection->token[length] = 0;
  return 1;
}

static void log_in(struct connection *connection) {
  char form[512];
  int length = snprintf(form, sizeof form, "grant_type=password&username=%s&password=%s%s", user, password, client);
  connect_to_server(connection);
  post(connection, form, (size_t)length);
  while (!receive(connection)) continue;
}

int main(int argc, char **argv) {
  if (argc != 4) fail("usage: %s TARGET CALLERS SECONDS", argv[0]);
  int callers = atoi(argv[2]);
  if (callers < 1) fail("CALLERS must be above 0");
  read_target(argv[1]);
  struct connection *connections = calloc((size_t)callers, sizeof *connections);
  int poll = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < callers; i++) {
    log_in(&connections[i]);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].socket, &event) != 0) fail("epoll_ctl failed");
  }
  // The processor time of the server is taken from here on: a log-in costs it far more than a rotation.
  puts("ready");
  fflush(stdout);
  static struct latencies latencies;
  uint64_t start = now_nanoseconds(), end = start + (uint64_t)(atof(argv[3]) * 1e9), now = start;
  for (int i = 0; i < callers; i++) post_refresh(&connections[i]);
  while (now < end) {
    struct epoll_event events[512];
    int count = epoll_wait(poll, events, 512, 5000);
    if (count < 1 && errno != EINTR) fail("the server did not answer for five seconds");
    for (int i = 0; i < count; i++) {
      struct connection *connection = events[i].data.ptr;
      if (!receive(connection)) continue;
      now = now_nanoseconds();
      latencies_record(&latencies, now - connection->start);
      post_refresh(connection);
    }
  }
  report(&latencies, (double)(now - start) / 1e9);
  return 0;
}
