// PostgreSQL's C client library: libpq-dev on Debian, found by pkg-config.
#include <libpq-fe.h>
