#!/usr/bin/env python3
"""The bill of materials of a built command, as CycloneDX 1.5: the Swift packages it was built from, Swift itself, and the
system's libraries that it links, each with the version that this machine had.

usage: tools/release.d/sbom.py BINARY VERSION MOMENT < Package.resolved > FILE

MOMENT is the time of the commit, in seconds since 1970: the same sources on the same machine make the same file.
"""

import json
import re
import subprocess
import sys
from datetime import datetime, timezone
from urllib.parse import quote


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def swift_package(pin: dict) -> dict:
    place = re.sub(r"^https://|\.git$", "", pin["location"])
    state = pin["state"]
    version = state.get("version") or state["revision"]
    name = f"pkg:swift/{place}@{quote(version)}"
    return {
        "type": "library",
        "bom-ref": name,
        "name": pin["identity"],
        "version": version,
        "purl": name,
        "externalReferences": [{"type": "vcs", "url": pin["location"], "comment": f"revision {state['revision']}"}],
    }


def swift() -> dict:
    found = re.search(r"Swift version (\S+)", output("swift", "--version"))
    version = found[1] if found else "unknown"
    name = f"pkg:generic/swift@{version}"
    reference = {"type": "vcs", "url": "https://github.com/swiftlang/swift"}
    return {"type": "framework", "bom-ref": name, "name": "swift", "version": version, "purl": name, "externalReferences": [reference]}


def system_libraries(binary: str) -> list[dict]:
    """The Debian packages that bring what the command links; none where the system is not Debian's."""
    files = re.findall(r"=> (/\S+)", output("ldd", binary))
    packages = set()
    for file in files:
        # dpkg knows a file by the path at which it was installed, which can be below /usr or not.
        for path in (file, file.removeprefix("/usr"), f"/usr{file}"):
            found = subprocess.run(["dpkg-query", "--search", path], capture_output=True, text=True, check=False)
            if found.returncode == 0:
                packages.add(found.stdout.split(":")[0])
                break
    known = output("dpkg-query", "--show", "--showformat", "${Package} ${Version} ${Architecture}\\n", *sorted(packages)) if packages else ""
    components = []
    for line in sorted(set(known.splitlines())):
        package, version, architecture = line.split()
        name = f"pkg:deb/debian/{package}@{quote(version)}?arch={architecture}"
        components.append({"type": "library", "bom-ref": name, "name": package, "version": version, "purl": name})
    return components


def main() -> int:
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 64
    binary, version, moment = sys.argv[1:]
    own = f"pkg:generic/refresh-ledger@{version}"
    components = [swift(), *map(swift_package, json.load(sys.stdin)["pins"]), *system_libraries(binary)]
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(int(moment), timezone.utc).isoformat().replace("+00:00", "Z"),
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "refresh-ledger",
                "version": version,
                "purl": own,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
        "dependencies": [{"ref": own, "dependsOn": [component["bom-ref"] for component in components]}],
    }
    json.dump(bill, sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
