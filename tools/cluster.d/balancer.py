"""nginx before the instances."""

from place import Place, Settings
from programs import Program, as_user, listens, nginx_program, run

START_SECONDS = 20

# An instance that cannot be reached is left out for a second. What was sent to one is never sent to another where it could have been
# carried out: nginx passes a POST on only while no instance was reached. A token that is presented twice is a reuse, and ends its session.
# What changes nothing is asked elsewhere where one instance answers 503; that upstream is another, so such answers never put an instance
# out of use for the rest. An idle connection is closed by nginx before the instance does that (http.idleTimeout, 60 s): a request that meets
# the instance's end of it is not sent again, as it could have been carried out, and would be answered 502.
CONFIGURATION = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
{temporary}
  upstream instances {{
{servers}
    keepalive 64;
    keepalive_timeout 50s;
  }}
  upstream readers {{
{servers}
    keepalive 16;
    keepalive_timeout 50s;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    server_name _;
    keepalive_requests 1000000;
    client_max_body_size 64k;

    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    # Appends the caller's address: http.trustProxy takes the last.
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    # What proofs of keys name; each is written here, since a client can send them too.
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Prefix "";
    proxy_connect_timeout 1s;
    # Longer than store.requestDeadline, within which an instance answers.
    proxy_read_timeout 30s;
    proxy_next_upstream error timeout;

    location / {{
      proxy_pass http://instances;
    }}
    location ~ ^/(me|public|auth|openapi\\.json|\\.well-known/.*)$ {{
      proxy_next_upstream error timeout http_503;
      proxy_pass http://readers;
    }}
    # Streams of events.
    location /admin/ {{
      proxy_buffering off;
      proxy_read_timeout 1h;
      proxy_pass http://instances;
    }}
  }}
}}
"""


class Balancer:
    def __init__(self, settings: Settings, place: Place):
        self.settings = settings
        self.folder = place.folder / "nginx"
        self.place = place
        self.program = Program("nginx", place.folder)

    def start(self) -> None:
        file = self.folder / "nginx.conf"
        self.place.write_owned(file, self.configuration(), "nginx")
        command = [*as_user("nginx"), nginx_program(), "-p", self.folder, "-c", file, "-e", "stderr"]
        run([*command, "-t"])
        self.program.start(command)
        self.program.wait_until(lambda: listens(self.settings.balancer), "listening", START_SECONDS)

    def configuration(self) -> str:
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        return CONFIGURATION.format(
            folder=self.folder, port=self.settings.balancer,
            temporary="\n".join(f"  {kind}_temp_path {self.folder}/{kind};" for kind in kinds),
            servers="\n".join(f"    server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;" for port in self.settings.instances))

    def stop(self) -> None:
        self.program.end()
