"""Completions and man page. Both are made from the command itself when a release is made: none is kept, so none is stale."""

import re
import subprocess
from pathlib import Path

from packaging_check.report import ROOT, Skipped, program, require, run

SHELLS = ("bash", "zsh", "fish")
# Presses TAB where a word is missing, and prints what bash would offer.
TAB = r"""
source "$1"
offer=$(complete -p refresh-ledger | sed 's/.*-F \([^ ]*\).*/\1/')
COMP_LINE="refresh-ledger $2 " COMP_WORDS=(refresh-ledger $2 "") COMP_TYPE=9 COMP_KEY=9
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_POINT=${#COMP_LINE}
"$offer" refresh-ledger "" "$2"
printf '%s\n' "${COMPREPLY[@]}"
"""


def completions(binary: Path, folder: Path) -> str:
    checked = []
    for shell in SHELLS:
        script = folder / f"completion.{shell}"
        script.write_text(run([binary, "--generate-completion-script", shell]))
        try:
            remarks = run([program(shell), "--no-execute" if shell == "fish" else "-n", script])
        except Skipped:
            continue
        require(remarks == "", f"{shell} remarks: {remarks}")
        checked.append(shell)
    for words, offered in (("", {"serve", "log", "sessions"}), ("log", {"verify", "backup", "history"})):
        seen = set(run(["bash", "--norc", "-c", TAB, "tab", folder / "completion.bash", words]).split())
        require(offered <= seen, f"after `refresh-ledger {words}` bash offers {sorted(seen)}")
    return f"completions for {', '.join(checked)}"


def man_page(binary: Path, folder: Path) -> str:
    run([ROOT / "tools/man-page", "--binary", binary, "--output", folder])
    page = folder / "refresh-ledger.1"
    # Without the overstriking that makes bold.
    text = re.sub(".\b", "", run([program("mandoc"), "-T", "utf8", page]))
    for word in ("serve", "log", "verify", "NAME", "--data"):
        require(word in text, f"the man page says nothing of {word}")
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False)
    require(lint.returncode == 0, f"mandoc remarks:\n{lint.stdout[:2000]}")
    return f"man page of {len(text.splitlines())} lines"


def check(binary: Path, folder: Path) -> str:
    done = completions(binary, folder)
    return f"{done}; {man_page(binary, folder)}"
