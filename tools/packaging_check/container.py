"""What can be said of Dockerfile and compose.yaml where no image can be built."""

import json
import re
import shutil
import subprocess
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


def check(binary: Path, port: int) -> str:
    done = [health_check(port), packages(binary), sources()]
    for compose in (["docker-compose"], ["docker", "compose"]):
        if shutil.which(compose[0]) and subprocess.run([*compose, "version"], capture_output=True, check=False).returncode == 0:
            run([*compose, "--file", RUNNING / "compose.yaml", "config", "--quiet"])
            return ", ".join([*done, "compose.yaml read"])
    return ", ".join([*done, "compose.yaml not read: no docker compose"])
