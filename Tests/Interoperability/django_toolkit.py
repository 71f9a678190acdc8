"""Another product's token endpoint: Django OAuth Toolkit on SQLite, served by gunicorn on a free port of the loopback address.

This file is also the program that gunicorn runs; then it takes its settings from the environment.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

USER, PASSWORD = "alice", "correct horse battery"
CLIENT, SECRET = "web", "a secret of sixteen+"
TOKEN_PATH = "/o/token/"
START_SECONDS = 30


class DjangoToolkit:
    """`options` are members of its setting OAUTH2_PROVIDER."""

    def __init__(self, folder: Path, port: int, options: dict):
        self.url = f"http://127.0.0.1:{port}"
        self._output = folder / "output"
        given = {"DATABASE": str(folder / "database"), "OPTIONS": json.dumps(options), "PYTHONDONTWRITEBYTECODE": "1"}
        place = {"cwd": Path(__file__).parent, "env": {"PATH": os.environ["PATH"], **given}}
        subprocess.run([sys.executable, __file__], check=True, timeout=START_SECONDS, **place)
        command = ["gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "8", "--no-control-socket", "django_toolkit:application()"]
        with open(self._output, "wb") as output:
            self._child = subprocess.Popen([sys.executable, "-m", *command], stdout=output, stderr=output, **place)

    def start(self) -> "DjangoToolkit":
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._child.poll() is None:
            try:
                urllib.request.urlopen(self.url, timeout=2)
            except urllib.error.HTTPError:
                return self
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise AssertionError(f"Django OAuth Toolkit does not start: {self._output.read_text()[-2000:]}")

    def stop(self) -> None:
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


def configure() -> None:
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="of a test, with nothing to keep secret, and long enough",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="django_toolkit_urls",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": os.environ["DATABASE"],
                "CONN_MAX_AGE": None,
                "OPTIONS": {
                    "timeout": 20,
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF",
                },
            }
        },
        # Each log-in would cost half a second otherwise.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        OAUTH2_PROVIDER={"SCOPES": {"read": "to read"}, **json.loads(os.environ["OPTIONS"])},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


def application():
    configure()
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def prepare() -> None:
    """The database with a user and a client."""
    configure()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from oauth2_provider.models import Application

    call_command("migrate", verbosity=0)
    User.objects.create_user(USER, password=PASSWORD)
    Application.objects.create(
        client_id=CLIENT,
        client_secret=SECRET,
        hash_client_secret=False,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_PASSWORD,
    )


if __name__ == "__main__":
    prepare()
