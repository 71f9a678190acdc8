"""The fixture itself: a server that is ready, stops cleanly, and shows no secret in what it is reported to have printed."""

from accounts import ALICE, BOSS, CONFIDENTIAL, PUBLIC


def test_a_started_server_is_ready_and_names_its_own_url_as_issuer(server):
    assert server.request("GET", "/.well-known/oauth-authorization-server").json["issuer"] == server.url


def test_each_kind_of_client_logs_in_and_refreshes(server):
    for client in (CONFIDENTIAL, PUBLIC):
        tokens = server.log_in(ALICE, client)
        assert server.refresh(tokens["refresh_token"], client)["refresh_token"] != tokens["refresh_token"]
    assert server.open_session("alice", BOSS, PUBLIC)["token_type"] == "Bearer"


def test_a_server_stops_cleanly_and_starts_again_where_it_was(serve):
    server = serve("rotation: { grace: 5s }")
    tokens = server.log_in(ALICE, PUBLIC)
    assert server.stop() == 0
    server.start()
    assert server.refresh(tokens["refresh_token"], PUBLIC)["access_token"]
    assert server.stop() == 0


def test_what_a_server_printed_is_kept_without_secrets(serve):
    server = serve(users=(), clients=())
    assert "listens on" in server.output()
    assert "PASSWORD='[secret]'" in server.output() and "EXPIRED=[token]" in server.output()
    server.stop()
