"""What can be said of Dockerfile, the compose files and kubernetes.yaml where no image can be built."""

import json
import re
import shutil
import subprocess
import textwrap
import urllib.error
import urllib.request
from pathlib import Path

from packaging_check.report import ROOT, RUNNING, Skipped, require, run
from resource_servers.processes import free_ports

# In every Debian image: apt needs them.
ALWAYS_THERE = {"libc6", "libgcc-s1", "libstdc++6"}


def stages() -> list[str]:
    text = (RUNNING / "Dockerfile").read_text().replace("\\\n", " ")
    return re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]


def health_check(port: int) -> str:
    final = stages()[-1]
    found = re.search(r"^HEALTHCHECK .*?CMD (\[.*\])$", final, re.MULTILINE)
    require(found is not None, "the Dockerfile has no health check")
    command = [word.replace("8080", str(port)) for word in json.loads(found[1])]
    run(command)
    nobody = [word.replace(f"/{port}", f"/{free_ports(1)[0]}") for word in command]
    done = subprocess.run(nobody, capture_output=True, check=False)
    require(done.returncode != 0, "the health check is content although nothing listens")
    return "health check run"


def packages(binary: Path) -> str:
    final = stages()[-1]
    installed = set(re.findall(r"\b(z?lib[\w.+-]+)", re.search(r"apt-get install (.*?)&&", final)[1]))
    if not shutil.which("dpkg"):
        raise Skipped("no dpkg to ask for the packages of libraries")
    needed = set()
    for library in re.findall(r"=> (/\S+)", run(["ldd", binary])):
        # What is in no package is Swift's own, which the image's build links statically.
        for place in {library, str(Path(library).resolve()), library.removeprefix("/usr"), f"/usr{library}"}:
            done = subprocess.run(["dpkg", "--search", place], capture_output=True, text=True, check=False)
            needed |= set(re.findall(r"^([\w.+-]+):", done.stdout, re.MULTILINE))
    needed -= ALWAYS_THERE
    # Libraries that only a library of Swift's own, linked dynamically here, needs.
    required = {name for name in needed if name in installed or name.startswith(("libssl", "liblz4", "libargon2", "libcrypt", "libpq", "zlib1g"))}
    require(len(required) >= 4, f"the command links hardly a library: {sorted(needed)}")
    require(required <= installed, f"the image lacks {', '.join(sorted(required - installed))}")
    return f"{len(required)} packages"


def sources() -> str:
    for name in re.findall(r"^COPY (?!--from)(\S+) ", stages()[0], re.MULTILINE):
        require((ROOT / name).exists(), f"the Dockerfile copies {name}, which is not there")
    kept = set(re.findall(r"^!(\S+)$", (RUNNING / "Dockerfile.dockerignore").read_text(), re.MULTILINE))
    copied = set(re.findall(r"^COPY (?!--from)(\S+) ", stages()[0], re.MULTILINE))
    require(kept == copied, f"Dockerfile.dockerignore keeps {sorted(kept)}, the Dockerfile copies {sorted(copied)}")
    return "copies what is there"


def kubernetes(binary: Path, port: int, folder: Path) -> str:
    """The configuration is one that the command reads, and the probes ask what the server answers."""
    text = (RUNNING / "kubernetes.yaml").read_text()
    block = re.search(r"^  shared\.yaml: \|\n((?:    .*\n)+)", text, re.MULTILINE)
    require(block is not None, "kubernetes.yaml has no shared.yaml")
    file = folder / "shared.yaml"
    file.write_text(textwrap.dedent(block[1]).replace("/secret/master.key", str(folder / "master.key")))
    (folder / "master.key").write_bytes(bytes(32))
    (folder / "master.key").chmod(0o600)
    asked_of_database(binary, file)
    probes = re.findall(r'(\w+)Probe: \{ httpGet: \{ path: "?([^",]+)"?, port: http \}', text)
    require({name for name, _ in probes} == {"liveness", "startup", "readiness"}, f"kubernetes.yaml has the probes {probes}")
    for _, path in probes:
        require(status(port, path) == 200, f"a probe of kubernetes.yaml asks {path}, which the server answers with {status(port, path)}")
    for path in re.findall(r"\{ path: (/[\w./-]+), pathType", text):
        require(is_route(port, path), f"kubernetes.yaml lets {path} in, which is no route of the server")
    return f"kubernetes.yaml: configuration read, {len(probes)} probes asked"


def is_route(port: int, path: str) -> bool:
    """A prefix is one if something below it is. 401 and 405 are those of routes that want a bearer or another method."""
    return any(status(port, path + tail) != 404 for tail in ("", "/jwks.json"))


def status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


def asked_of_database(binary: Path, file: Path) -> None:
    """The command accepts a configuration, and asks for the hosts in it; they are nobody's."""
    done = subprocess.run(
        [binary, "database", "check", "--config", file], capture_output=True, text=True, check=False, timeout=60, env={"PATH": "/usr/bin:/bin"})
    asked = set(re.findall(r"\b(db[123]):5432\b", done.stdout))
    require(
        done.returncode == 1 and asked == {"db1", "db2", "db3"},
        f"database check --config {file.name} exited {done.returncode}:\n{done.stdout}{done.stderr}")


def check(binary: Path, port: int, folder: Path) -> str:
    done = [health_check(port), packages(binary), sources(), kubernetes(binary, port, folder)]
    for compose in (["docker-compose"], ["docker", "compose"]):
        if shutil.which(compose[0]) and subprocess.run([*compose, "version"], capture_output=True, check=False).returncode == 0:
            for name in ("compose.yaml", "compose.shared.yaml"):
                run([*compose, "--file", RUNNING / name, "config", "--quiet"])
            return ", ".join([*done, "compose files read"])
    return ", ".join([*done, "compose files not read: no docker compose"])
