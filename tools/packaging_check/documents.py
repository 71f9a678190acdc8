"""The shell lines of README.md and of the articles, run as they stand there, each document in a folder of its own. Other documents of
docs/ join in by having a block that runs.

What stands above a block says what becomes of it: `<!-- runs -->` (its lines go to one bash, in their order), `<!-- file: NAME -->` (it is put
there first), `<!-- prints -->` (its lines must be in the output), `<!-- shown: WHY -->` (nothing). The folder has what a clone after a
build has: `tools/serve`, and the command in `.build/release`. A server that is started is waited for, and what it prints for pasting is pasted.
"""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from packaging_check.report import ROOT, Problem, require
from resource_servers.processes import environment, free_ports

BLOCK = re.compile(r"^(?:<!-- ([^\n]+?) -->\n)?```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Compiled, by other tests.
COMPILED = ("swift",)
SECONDS_MAX = 240

SERVE = """#!/bin/sh
exec {binary} serve --data ledger-data --port {port} "$@" >banner
"""
PRELUDE = """set -eu
PATH="$PWD/bin:$PATH"
ready() { until grep -q 'listens on' banner 2>/dev/null; do kill -0 $!; sleep 0.1; done; }
paste() { sed -n '/^URL=/,/ -w /p' banner >pasted; . ./pasted; }
"""


def documents() -> list[Path]:
    joined = [document for document in sorted(ROOT.glob("docs/**/*.md")) if "<!-- runs -->" in document.read_text()]
    return [ROOT / "README.md", *sorted(ROOT.glob("Sources/*/*.docc/*.md")), *joined]


def script(document: Path, folder: Path, port: int) -> tuple[str, list[str]]:
    """The lines to run, and those that must be printed. Puts the files in the folder."""
    lines, printed = [], []
    is_strict = ROOT / "docs" not in document.parents
    for mark, language, text in BLOCK.findall(document.read_text()):
        text = text.replace("8080", str(port))
        word, _, rest = mark.partition(": ")
        if word == "file":
            (folder / rest).write_text(text)
        elif word == "prints":
            printed += text.splitlines()
        elif mark == "runs":
            for line in text.splitlines():
                starts = re.search(r"\bserve\b.* &$", line)
                lines += ["rm -f banner", line, "ready", "paste"] if starts else [line]
        elif is_strict and language not in COMPILED and word != "shown":
            raise Problem(f"{document.name}: a block of {language or 'text'} says not what becomes of it: {text[:60]}")
    return "\n".join(lines) + "\n", printed


def try_out(document: Path, binary: Path, folder: Path) -> int:
    port = free_ports(1)[0]
    folder.mkdir()
    lines, printed = script(document, folder, port)
    if not lines.strip():
        require(not printed, f"{document.name} says what is printed and runs nothing")
        return 0
    for place in ("bin", "tools", ".build/release"):
        (folder / place).mkdir(parents=True)
    serve = folder / "tools/serve"
    serve.write_text(SERVE.format(binary=binary, port=port))
    serve.chmod(0o755)
    # Also where a document calls the command with options of its own.
    command = folder / "bin/refresh-ledger"
    command.write_text(f'#!/bin/sh\n[ "$1" = serve ] && exec {binary} "$@" --port {port} >banner\nexec {binary} "$@"\n')
    command.chmod(0o755)
    shutil.copy(command, folder / ".build/release/refresh-ledger")
    (folder / "run.sh").write_text(PRELUDE + lines)
    with open(folder / "output", "wb") as output:
        bash = shutil.which("bash")
        child = subprocess.Popen(
            [bash, "--norc", "run.sh"], cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            code = child.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            code = "no end"
        finally:
            # The server that the lines started, too: all are of the session that was begun here.
            end_group(child.pid)
            child.wait()
    told = (folder / "output").read_text(errors="replace")
    require(code == 0, f"{document.name}: its lines end with {code}:\n{told[-3000:]}")
    for line in printed:
        require(line in told, f"{document.name}: not printed: {line}\n{told[-3000:]}")
    return len(lines.splitlines())


def end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def check(binary: Path, folder: Path) -> str:
    counts = {document: try_out(document, binary, folder / f"{index}") for index, document in enumerate(documents())}
    run = [document.name for document, count in counts.items() if count]
    require(len(run) >= 3, f"only {run} have lines that run")
    return f"{sum(counts.values())} lines of {', '.join(run)}"
