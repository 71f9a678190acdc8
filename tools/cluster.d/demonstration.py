"""The lines that `up` prints for pasting."""

from place import Place, Settings


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def lines(settings: Settings, place: Place) -> str:
    """For pasting: the demonstration, in any POSIX shell with curl and sed."""
    ports = [settings.instances[index % len(settings.instances)] for index in range(3)]
    one, two, three = (f"http://127.0.0.1:{port}" for port in ports)
    names = [f"instance {index % len(settings.instances) + 1}" for index in range(3)]
    return f"""
Paste into a shell to try it:

ALL={settings.url} ONE={one} TWO={two} THREE={three}
NAME={settings.user} PASSWORD='{settings.user_password}' CLIENT={settings.client}
member() {{ printf '%s' "$REPLY" | sed -n 's/.*"'"$1"'" *: *"\\([^"]*\\)".*/\\1/p'; }}
log_in() {{ REPLY=$(curl -sS -d grant_type=password -d "client_id=$CLIENT" -d "username=$NAME" -d "password=$PASSWORD" "$1/token"); echo "$REPLY"; }}
rotate() {{ REPLY=$(curl -sS -w ' (%{{http_code}})' -d grant_type=refresh_token -d "client_id=$CLIENT" -d "refresh_token=$2" "$1/token"); echo "$REPLY"; }}

echo '--- log in at {names[0]}'
log_in "$ONE"; FIRST=$(member refresh_token)

echo '--- rotate at {names[1]}: a new pair'
rotate "$TWO" "$FIRST"; ACCESS=$(member access_token)

echo '--- replay the consumed token at {names[2]}: refused, and the session is over'
rotate "$THREE" "$FIRST"

echo '--- so the access token is refused at {names[0]} too'
sleep 0.2; curl -sS -w ' (%{{http_code}})\\n' -H "Authorization: Bearer $ACCESS" "$ONE/me"

echo '--- log in through nginx, log out at {names[1]}, and see it at {names[2]}'
log_in "$ALL"; ACCESS=$(member access_token)
curl -sS -w ' (%{{http_code}})\\n' -H "Authorization: Bearer $ACCESS" "$THREE/me"
curl -sS -w 'revoked (%{{http_code}})\\n' -d "client_id=$CLIENT" -d "token=$(member refresh_token)" "$TWO/revoke"
sleep 0.2; curl -sS -w ' (%{{http_code}})\\n' -H "Authorization: Bearer $ACCESS" "$THREE/me"

echo '--- who is logged in, by the command'
log_in "$ALL" >/dev/null
export PGPASSFILE={quoted(str(place.ledger_passfile))} REFRESH_LEDGER_STORE_MASTER_KEY={quoted(str(place.master_key))}
DATABASE='{settings.database_url}'
{quoted(settings.binary)} sessions list --database "$DATABASE"
"""
