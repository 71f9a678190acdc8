// PostgreSQL's C client library: libpq-dev on Debian, found by pkg-config.
#include <libpq-fe.h>

// Characters, which Swift does not take over: the fields of an error.
static const int ledger_field_severity = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int ledger_field_code = PG_DIAG_SQLSTATE;
static const int ledger_field_message = PG_DIAG_MESSAGE_PRIMARY;
