"""Requests by curl, which sends what it is told to byte for byte."""

import email.parser
import json
import subprocess
from dataclasses import dataclass, field
from email.message import Message

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes = field(repr=False)

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self) -> str | None:
        return self.json.get("error")


def curl(url: str, *options: str, seconds: float = 20) -> Answer:
    """One request with options of curl's command line, each with its value. They go through a pipe, where other users do not see them."""
    pairs = [("url", url), *zip(options[::2], options[1::2], strict=True)]
    config = "".join(f"{name.lstrip('-')} = {_quoted(value)}\n" for name, value in pairs)
    done = subprocess.run(
        ["curl", "-q", "-sS", "--include", "--max-time", str(seconds), "--config", "-"],
        input=config.encode(),
        capture_output=True,
        check=False,
        timeout=seconds + 5,
    )
    assert done.returncode == 0, f"curl: {done.stderr.decode(errors='replace')}"
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    status, _, fields = head.partition(b"\r\n")
    return Answer(int(status.split()[1]), email.parser.BytesParser().parsebytes(fields + b"\r\n\r\n"), body)


def form(url: str, body: str, *options: str) -> Answer:
    """`body` as it is, posted as a form."""
    return curl(url, "--data-raw", body, *options)


def _quoted(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f'"{text}"'
