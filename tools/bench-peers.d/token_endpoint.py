"""The token endpoint that people write with FastAPI, joserfc and Redis: the flow of rommapp/romm, without its database of users.

Run by uvicorn. environment: REDIS_PORT, SIGNING_KEY, PASSWORD.
"""

import os
import time
import uuid
from typing import Annotated

from fastapi import FastAPI, Form, HTTPException
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from redis import Redis

ACCESS_SECONDS = 900
REFRESH_SECONDS = 2592000

app = FastAPI(openapi_url=None)
key = OctKey.import_key(os.environ["SIGNING_KEY"])
redis = Redis(host="127.0.0.1", port=int(os.environ["REDIS_PORT"]))


def signed(kind: str, subject: str, scopes: str, seconds: int, **more: str) -> str:
    claims = {"sub": subject, "iss": "romm:oauth", "scopes": scopes, "type": kind, "exp": int(time.time()) + seconds}
    return jwt.encode({"alg": "HS256"}, claims | more, key)


def pair(subject: str, scopes: str) -> dict:
    jti = str(uuid.uuid4())
    redis.setex(f"refresh-jti:{jti}", REFRESH_SECONDS, "valid")
    return {
        "access_token": signed("access", subject, scopes, ACCESS_SECONDS),
        "refresh_token": signed("refresh", subject, scopes, REFRESH_SECONDS, jti=jti),
        "token_type": "bearer",
        "expires": ACCESS_SECONDS,
    }


def refreshed(token: str) -> dict:
    try:
        claims = jwt.decode(token, key, algorithms=["HS256"]).claims
    except (JoseError, ValueError) as error:
        raise HTTPException(401, "Invalid refresh token") from error
    if claims.get("type") != "refresh" or claims.get("exp", 0) < time.time():
        raise HTTPException(401, "Invalid refresh token")
    if redis.getdel(f"refresh-jti:{claims.get('jti')}") != b"valid":
        raise HTTPException(401, "Invalid refresh token")
    return pair(claims["sub"], claims["scopes"])


# Asynchronous, with a blocking Redis client, as it is there: cheaper than a thread for each request.
@app.post("/token")
async def token(
    grant_type: Annotated[str, Form()],
    refresh_token: Annotated[str | None, Form()] = None,
    username: Annotated[str | None, Form()] = None,
    password: Annotated[str | None, Form()] = None,
) -> dict:
    if grant_type == "refresh_token" and refresh_token:
        return refreshed(refresh_token)
    if grant_type == "password" and username and password == os.environ["PASSWORD"]:
        return pair(username, "read write")
    raise HTTPException(400, "Invalid or unsupported grant type")
