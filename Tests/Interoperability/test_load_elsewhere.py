"""`load` at another product's token endpoint, which rotates, has a grace window or does not rotate, as it is told to."""

import json
import subprocess

import pytest

from django_toolkit import CLIENT, PASSWORD, SECRET, TOKEN_PATH, USER, DjangoToolkit
from server import binary, environment, free_port


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """`product(ROTATE_REFRESH_TOKEN=False)`: one that was started, and that ends with the tests of this file."""
    started = []

    def start(**options) -> DjangoToolkit:
        made = DjangoToolkit(tmp_path_factory.mktemp("product"), free_port(), options)
        started.append(made)
        return made.start()

    yield start
    for made in started:
        made.stop()


@pytest.fixture(scope="module")
def patient(product):
    return product(REFRESH_TOKEN_GRACE_PERIOD_SECONDS=120)


def load(product: DjangoToolkit, folder, *options: str) -> tuple[int, dict, str]:
    """Exit code, the figures of --json, and what was written to the standard error output."""
    place = ["--url", product.url, "--token-path", TOKEN_PATH, "--user", USER, "--client-id", CLIENT]
    shape = ["--sessions", "8", "--connections", "4", "--duration", "3s", "--json", str(folder / "run.json")]
    secrets = {"LOAD_PASSWORD": PASSWORD, "LOAD_CLIENT_SECRET": SECRET}
    done = subprocess.run(
        [binary(), "load", *place, *shape, *options],
        env={**environment(), **secrets},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert (folder / "run.json").exists(), done.stderr
    return done.returncode, json.loads((folder / "run.json").read_text()), done.stderr


def kinds(figures: dict) -> set[str]:
    return {violation["kind"] for violation in figures["violations"]}


def test_a_product_that_rotates_refuses_each_replay_and_breaks_nothing(product, tmp_path):
    code, figures, said = load(product(), tmp_path, "--replay-rate", "0.2")
    assert (code, figures["errors"]) == (0, 0), said
    assert figures["rotations"] > 0
    assert figures["checks"]["replays"] == figures["checks"]["replays_refused"] > 0


def test_a_lost_reply_is_recovered_in_a_products_grace_window(patient, tmp_path):
    code, figures, said = load(patient, tmp_path, "--grace", "2m", "--loss-rate", "0.2", "--replay-rate", "0.2")
    assert (code, figures["errors"]) == (0, 0), said
    assert figures["checks"]["lost_replies_recovered"] > 0
    assert figures["checks"]["replays_answered"] > 0


def test_a_grace_window_that_was_not_told_of_is_found(patient, tmp_path):
    code, figures, said = load(patient, tmp_path, "--replay-rate", "0.2")
    assert code == 1, said
    assert kinds(figures) == {"replay accepted"}


def test_a_product_that_does_not_rotate_is_found(product, tmp_path):
    code, figures, said = load(product(ROTATE_REFRESH_TOKEN=False), tmp_path)
    assert code == 1, said
    assert kinds(figures) == {"not rotated"}
