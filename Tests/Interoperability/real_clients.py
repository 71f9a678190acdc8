"""Each OAuth client library behind one small face, so that one test tries them all. Nothing is mended on the way: what is sent
is what the library sends by its own documented calls.
"""

import asyncio
import datetime
import os
import time

import google.auth.exceptions
import google.auth.transport.requests
import httpx
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.httpx_client import OAuth2Client as AuthlibHTTPXClient
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from google.oauth2.credentials import Credentials
from httpx_oauth.oauth2 import GetAccessTokenError, OAuth2, OAuth2RequestError, OAuth2Token
from oauthlib.oauth2 import LegacyApplicationClient, OAuth2Error
from requests_oauth2client import BearerToken, ClientSecretBasic, ClientSecretPost, EndpointError
from requests_oauth2client import OAuth2AccessTokenAuth, OAuth2Client
from requests_oauthlib import OAuth2Session as OAuthlibSession

from accounts import Client, User
from server import Server

# Both refuse http:// otherwise. The server listens on the loopback address only.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

BASIC, BODY, PUBLIC_CLIENT = "basic", "body", "public"


class RealClient:
    """One user's session in one library. `way` is how its client authenticates: BASIC, BODY or PUBLIC_CLIENT."""

    ways: tuple[str, ...] = (BASIC, BODY, PUBLIC_CLIENT)
    revokes = True
    introspects = False

    def __init__(self, server: Server, client: Client, way: str):
        assert way in self.ways
        self.url, self.client, self.way = server.url, client, way
        self.open()

    def open(self) -> None:
        """Makes the library's own object."""

    def log_in(self, user: User) -> None:
        raise NotImplementedError

    def resume(self, tokens: dict) -> None:
        """Goes on with a token reply that was kept elsewhere, whose access token has expired."""
        raise NotImplementedError

    @property
    def access_token(self) -> str:
        raise NotImplementedError

    @property
    def refresh_token(self) -> str:
        raise NotImplementedError

    def refresh(self) -> None:
        raise NotImplementedError

    def get(self, path: str) -> requests.Response | httpx.Response:
        """A request for a protected resource, before which the library refreshes by itself where it has to."""
        raise NotImplementedError

    def revoke(self, token: str, hint: str | None = None) -> None:
        raise NotImplementedError

    def introspect(self, token: str, hint: str | None = None) -> dict:
        raise NotImplementedError

    def close(self) -> None:
        pass


def expired(tokens: dict) -> dict:
    """The reply as a client keeps it whose access token ended a minute ago."""
    return tokens | {"expires_in": -60, "expires_at": int(time.time()) - 60}


class AuthlibRequests(RealClient):
    introspects = True
    kind: type = AuthlibSession
    methods = {BASIC: "client_secret_basic", BODY: "client_secret_post", PUBLIC_CLIENT: "none"}

    def open(self) -> None:
        self.updates: list[str] = []
        self.session = self.kind(
            self.client.id,
            self.client.secret,
            token_endpoint_auth_method=self.methods[self.way],
            revocation_endpoint_auth_method=self.methods[self.way],
            token_endpoint=f"{self.url}/token",
            update_token=lambda token, refresh_token=None, access_token=None: self.updates.append(refresh_token),
            leeway=0,
        )

    def log_in(self, user):
        self.session.fetch_token(f"{self.url}/token", grant_type="password", username=user.name, password=user.password)

    def resume(self, tokens):
        self.session.token = expired(tokens)

    @property
    def access_token(self):
        return self.session.token["access_token"]

    @property
    def refresh_token(self):
        return self.session.token["refresh_token"]

    def refresh(self):
        self.session.refresh_token(f"{self.url}/token")

    def get(self, path):
        return self.session.get(f"{self.url}{path}")

    def revoke(self, token, hint=None):
        self.session.revoke_token(f"{self.url}/revoke", token=token, token_type_hint=hint).raise_for_status()

    def introspect(self, token, hint=None):
        return self.session.introspect_token(f"{self.url}/introspect", token=token, token_type_hint=hint).json()

    def close(self):
        self.session.close()


class AuthlibHTTPX(AuthlibRequests):
    kind = AuthlibHTTPXClient


class AuthlibAsyncHTTPX(AuthlibRequests):
    """The same calls, each awaited on a loop of this session's own."""

    def open(self):
        self.loop = asyncio.new_event_loop()
        self.updates = []

        async def update(token, refresh_token=None, access_token=None):
            self.updates.append(refresh_token)

        method = self.methods[self.way]
        self.session = AsyncOAuth2Client(
            self.client.id,
            self.client.secret,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            token_endpoint=f"{self.url}/token",
            update_token=update,
            leeway=0,
        )

    def _wait(self, awaitable):
        return self.loop.run_until_complete(awaitable)

    def log_in(self, user):
        url = f"{self.url}/token"
        self._wait(self.session.fetch_token(url, grant_type="password", username=user.name, password=user.password))

    def refresh(self):
        self._wait(self.session.refresh_token(f"{self.url}/token"))

    def get(self, path):
        return self._wait(self.session.get(f"{self.url}{path}"))

    def revoke(self, token, hint=None):
        url = f"{self.url}/revoke"
        self._wait(self.session.revoke_token(url, token=token, token_type_hint=hint)).raise_for_status()

    def introspect(self, token, hint=None):
        url = f"{self.url}/introspect"
        return self._wait(self.session.introspect_token(url, token=token, token_type_hint=hint)).json()

    def close(self):
        self._wait(self.session.aclose())
        self.loop.close()


class RequestsOAuthlib(RealClient):
    def open(self):
        self.session = OAuthlibSession(
            client=LegacyApplicationClient(self.client.id),
            auto_refresh_url=f"{self.url}/token",
            auto_refresh_kwargs=self._in_body,
            token_updater=lambda token: None,
        )

    @property
    def _in_body(self) -> dict[str, str]:
        if self.way == BASIC:
            return {}
        secret = {"client_secret": self.client.secret} if self.way == BODY else {}
        return {"client_id": self.client.id} | secret

    @property
    def _in_header(self):
        return requests.auth.HTTPBasicAuth(self.client.id, self.client.secret) if self.way == BASIC else None

    def log_in(self, user):
        self.session.fetch_token(
            f"{self.url}/token",
            username=user.name,
            password=user.password,
            auth=self._in_header,
            include_client_id=self.way != BASIC,
            client_secret=self.client.secret if self.way == BODY else None,
        )

    def resume(self, tokens):
        self.session.token = expired(tokens)

    @property
    def access_token(self):
        return self.session.token["access_token"]

    @property
    def refresh_token(self):
        return self.session.token["refresh_token"]

    def refresh(self):
        self.session.refresh_token(f"{self.url}/token", auth=self._in_header)

    def get(self, path):
        authentication = {}
        if self.way == BASIC:
            authentication = {"client_id": self.client.id, "client_secret": self.client.secret}
        return self.session.get(f"{self.url}{path}", **authentication)

    def revoke(self, token, hint="access_token"):
        kind = self.session._client
        url, headers, body = kind.prepare_token_revocation_request(f"{self.url}/revoke", token, hint, **self._in_body)
        requests.post(url, headers=headers, data=body, auth=self._in_header, timeout=20).raise_for_status()

    def close(self):
        self.session.close()


class LoopbackOAuth2(OAuth2):
    """Without the certificates that httpx reads anew for each request, which the library lets a child decide."""

    def get_httpx_client(self):
        return httpx.AsyncClient(verify=False)


class HTTPXOAuth(RealClient):
    """Has no password grant and no session: the log-in goes through its own request builder, the resource through httpx."""

    ways = (BASIC, BODY)

    def open(self):
        self.loop = asyncio.new_event_loop()
        method = {BASIC: "client_secret_basic", BODY: "client_secret_post"}[self.way]
        self.library = LoopbackOAuth2(
            self.client.id,
            self.client.secret,
            f"{self.url}/authorize",
            f"{self.url}/token",
            refresh_token_endpoint=f"{self.url}/token",
            revoke_token_endpoint=f"{self.url}/revoke",
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
        )
        self.method = method
        self.token = None

    def _wait(self, awaitable):
        return self.loop.run_until_complete(awaitable)

    def log_in(self, user):
        async def ask():
            form = {"grant_type": "password", "username": user.name, "password": user.password}
            async with self.library.get_httpx_client() as http:
                request, auth = self.library.build_request(
                    http, "POST", self.library.access_token_endpoint, auth_method=self.method, data=form
                )
                response = await self.library.send_request(http, request, auth, exc_class=GetAccessTokenError)
                return self.library.get_json(response, exc_class=GetAccessTokenError)

        self.resume(self._wait(ask()), 0)

    def resume(self, tokens, seconds_ago=60):
        self.token = OAuth2Token(dict(expired(tokens) if seconds_ago else tokens))

    @property
    def access_token(self):
        return self.token["access_token"]

    @property
    def refresh_token(self):
        return self.token["refresh_token"]

    def refresh(self):
        self.token = self._wait(self.library.refresh_token(self.refresh_token))

    def get(self, path):
        if self.token.is_expired():
            self.refresh()
        return httpx.get(f"{self.url}{path}", headers={"Authorization": f"Bearer {self.access_token}"}, verify=False)

    def revoke(self, token, hint=None):
        self._wait(self.library.revoke_token(token, hint))

    def close(self):
        self.loop.close()


class RequestsOAuth2Client(RealClient):
    introspects = True

    def open(self):
        authentication = {
            BASIC: lambda: ClientSecretBasic(self.client.id, self.client.secret),
            BODY: lambda: ClientSecretPost(self.client.id, self.client.secret),
            PUBLIC_CLIENT: lambda: self.client.id,
        }[self.way]()
        # The endpoints come from the server's own metadata, whose issuer the library compares.
        self.library = OAuth2Client.from_discovery_endpoint(
            f"{self.url}/.well-known/oauth-authorization-server", issuer=self.url, auth=authentication, testing=True
        )
        self.auth = None
        self.session = requests.Session()

    def log_in(self, user):
        self._keep(self.library.resource_owner_password(user.name, user.password))

    def _keep(self, token):
        self.auth = OAuth2AccessTokenAuth(self.library, token, leeway=0)

    def resume(self, tokens):
        self._keep(
            BearerToken(tokens["access_token"], refresh_token=tokens["refresh_token"], expires_in=-60, token_type="Bearer")
        )

    @property
    def access_token(self):
        return self.auth.token.access_token

    @property
    def refresh_token(self):
        return self.auth.token.refresh_token

    def refresh(self):
        self.auth.renew_token()

    def get(self, path):
        return self.session.get(f"{self.url}{path}", auth=self.auth)

    def revoke(self, token, hint=None):
        assert self.library.revoke_token(token, token_type_hint=hint) is True

    def introspect(self, token, hint=None):
        return dict(self.library.introspect_token(token, token_type_hint=hint))

    def close(self):
        self.session.close()
        self.library.session.close()


class GoogleAuth(RealClient):
    """Knows refresh only. It insists on a client secret, and sends a public client's as an empty one."""

    ways = (BODY, PUBLIC_CLIENT)
    revokes = False

    def open(self):
        self.transport = google.auth.transport.requests.Request()

    def log_in(self, user):
        secret = {"client_secret": self.client.secret} if self.way == BODY else {}
        form = {"grant_type": "password", "username": user.name, "password": user.password, "client_id": self.client.id}
        reply = requests.post(f"{self.url}/token", data=form | secret, timeout=20)
        reply.raise_for_status()
        self._keep(reply.json(), reply.json()["expires_in"])

    def resume(self, tokens):
        self._keep(tokens, -60)

    def _keep(self, tokens, seconds):
        # The library compares with a time without a zone.
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        self.credentials = Credentials(
            tokens["access_token"],
            refresh_token=tokens["refresh_token"],
            token_uri=f"{self.url}/token",
            client_id=self.client.id,
            client_secret=self.client.secret or "",
            expiry=now + datetime.timedelta(seconds=seconds),
        )

    @property
    def access_token(self):
        return self.credentials.token

    @property
    def refresh_token(self):
        return self.credentials.refresh_token

    def refresh(self):
        self.credentials.refresh(self.transport)

    def get(self, path):
        with google.auth.transport.requests.AuthorizedSession(self.credentials) as session:
            return session.get(f"{self.url}{path}")

    def close(self):
        self.transport.session.close()


LIBRARIES = (
    AuthlibRequests,
    AuthlibHTTPX,
    AuthlibAsyncHTTPX,
    RequestsOAuthlib,
    HTTPXOAuth,
    RequestsOAuth2Client,
    GoogleAuth,
)
# What any of them raises when the server has answered with an error.
REFUSALS = (
    OAuthError,
    OAuth2Error,
    OAuth2RequestError,
    EndpointError,
    google.auth.exceptions.RefreshError,
)


def error_of(refusal: BaseException) -> str:
    """The `error` of RFC 6749 §5.2 that the library was told."""
    match refusal:
        case OAuth2RequestError():
            return refusal.response.json()["error"]
        case google.auth.exceptions.RefreshError():
            return refusal.args[1]["error"]
        case _:
            return refusal.error
