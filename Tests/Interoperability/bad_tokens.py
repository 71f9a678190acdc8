"""Ways to make a token wrong in one thing: what is changed, and the kind of reason that `token verify` gives for it.

Each takes a `Forge` and signs what it changed with the key that is trusted, unless the signature is what is wrong.
"""

import base64
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, utils

from forge import ALGORITHMS, ED25519_ORDER, P256_ORDER, Forge, Key, b64, unb64


@dataclass(frozen=True)
class Bad:
    make: Callable[[Forge], str]
    # A reason, and the header parameter or claim that it names after " of ".
    reason: str
    algorithms: tuple[str, ...] = ALGORITHMS


def header_text(change: Callable[[str, Forge], str | bytes]) -> Callable[[Forge], str]:
    return lambda forge: forge.token(change(forge.text("header"), forge))


def claims_text(change: Callable[[str, Forge], str | bytes]) -> Callable[[Forge], str]:
    return lambda forge: forge.token(None, change(forge.text("claims"), forge))


# Texts that are no strict JSON object: what they do to the good one.
NO_OBJECTS: dict[str, Callable[[str, Forge], str | bytes]] = {
    "empty": lambda text, _: "",
    "an array": lambda text, _: f"[{text}]",
    "a string": lambda text, _: json.dumps(text),
    "null": lambda text, _: "null",
    "a number": lambda text, _: "1",
    "two objects": lambda text, _: text + text,
    "trailing text": lambda text, _: text + "x",
    "a trailing comma": lambda text, _: text[:-1] + ",}",
    "a leading comma": lambda text, _: "{," + text[1:],
    "a comment": lambda text, _: text[:-1] + "/* */}",
    "single quotes": lambda text, _: text.replace('"', "'"),
    "names without quotes": lambda text, _: text.replace('"alg"', "alg").replace('"iss"', "iss"),
    "cut off": lambda text, _: text[:-1],
    "a BOM": lambda text, _: b"\xef\xbb\xbf" + text.encode(),
    "UTF-16": lambda text, _: text.encode("utf-16-le"),
    "NUL after it": lambda text, _: text + "\0",
    "NUL in a string": lambda text, _: text[:-1] + ',"x":"a\0b"}',
    "a line break in a string": lambda text, _: text[:-1] + ',"x":"a\nb"}',
    "a vertical tab between": lambda text, _: text[:-1] + "\v}",
    "a space of no width between": lambda text, _: text[:-1] + "\u200b}",
    "an invalid byte": lambda text, _: text[:-1].encode() + b',"x":"\xff"}',
    "an overlong form": lambda text, _: text[:-1].encode() + b',"x":"\xc0\xaf"}',
    "a surrogate in UTF-8": lambda text, _: text[:-1].encode() + b',"x":"\xed\xa0\x80"}',
    "a lone high surrogate": lambda text, _: text[:-1] + ',"x":"\\ud800"}',
    "a lone low surrogate": lambda text, _: text[:-1] + ',"x":"\\udc00"}',
    "a high surrogate before a letter": lambda text, _: text[:-1] + ',"x":"\\ud800\\u0041"}',
    "an unknown escape": lambda text, _: text[:-1] + ',"x":"\\x41"}',
    "half an escape": lambda text, _: text[:-1] + ',"x":"\\u00"}',
    "a member twice": lambda text, _: text[:-1] + ',"x":1,"x":1}',
    "a member twice, once escaped": lambda text, _: text[:-1] + ',"x":1,"\\u0078":1}',
    "a nested member twice": lambda text, _: text[:-1] + ',"x":{"y":1,"y":2}}',
    "65 members": lambda text, _: text[:-1] + "".join(f',"m{n}":1' for n in range(65)) + "}",
    "arrays 300 deep": lambda text, _: text[:-1] + ',"x":' + "[" * 300 + "]" * 300 + "}",
    "objects 200 deep": lambda text, _: text[:-1] + ',"x":' + '{"y":' * 200 + "1" + "}" * 200 + "}",
    "1200 open brackets": lambda text, _: text[:-1] + ',"x":' + "[" * 1200,
    "1200 open braces": lambda text, _: "{" * 1200,
    "a value without a name": lambda text, _: text[:-1] + ',"x"}',
    "a number with a leading zero": lambda text, _: text[:-1] + ',"x":01}',
    "a number with a plus": lambda text, _: text[:-1] + ',"x":+1}',
    "a number without digits": lambda text, _: text[:-1] + ',"x":-}',
    "a fraction without digits": lambda text, _: text[:-1] + ',"x":1.}',
    "an exponent without digits": lambda text, _: text[:-1] + ',"x":1e}',
    "NaN": lambda text, _: text[:-1] + ',"x":NaN}',
    "Infinity": lambda text, _: text[:-1] + ',"x":Infinity}',
    "hexadecimal": lambda text, _: text[:-1] + ',"x":0x10}',
    "True": lambda text, _: text[:-1] + ',"x":True}',
}


def refused_parameter(name: str, value: object) -> Bad:
    return Bad(lambda forge: forge.token({name: value}), f"header of {name}")


def key_id(value: object, reason: str = "unknownKey") -> Bad:
    return Bad(lambda forge: forge.token({"kid": value}), reason)


def own_key(forge: Forge, name: str, value: Callable[[Key], object]) -> str:
    """Signed with a key that the token itself brings along."""
    stranger = Key.make(forge.key.algorithm, None)
    return forge.with_key(stranger).token({name: value(stranger)})


def unsigned(algorithm: str) -> Bad:
    return Bad(lambda forge: forge.token({"alg": algorithm}, sign=lambda _: b""), "algorithm")


NONES = ("none", "None", "NONE", "nOnE", "none ", " none", "none\0", "", "null", "\uff4eone")
OTHER_ALGORITHMS = (
    "HS1", "HS384", "HS512", "RS384", "RS512", "PS384", "PS512", "ES384", "ES512", "ES256K", "Ed25519", "Ed448", "RS1", "dir",
    "RSA-OAEP", "hs256", "Hs256", "es256", "eddsa", "EDDSA", "HS256 ", "HS256\0", "SHA256", "A256GCM",
)  # fmt: skip
KEY_IDS = {
    "unknown": "key-of-nobody",
    "empty": "",
    "a path": "../../../../../../dev/null",
    "a file": "/dev/null",
    "an address": "https://attacker.example/key",
    "a query": "key' OR '1'='1",
    "a command": "$(id)|id;`id`",
    "a format": "%s%n%x",
    "of another case": "KEY-ES256",
    "with NUL": "key-ES256\0",
    "with a space": "key-ES256 ",
    "huge": "k" * 2000,
    "a letter that only looks alike": "k\u0435y-ES256",
}

HEADERS: dict[str, Bad] = {
    **{f"alg {name!r} unsigned": unsigned(name) for name in NONES},
    **{f"alg {name!r} signed": Bad(lambda forge, name=name: forge.token({"alg": name}), "algorithm") for name in NONES},
    "alg none, escaped": Bad(
        lambda forge: forge.token(forge.in_place("header", "alg", '"\\u006e\\u006Fne"'), sign=lambda _: b""), "algorithm"
    ),
    **{f"alg {name!r}": Bad(lambda forge, name=name: forge.token({"alg": name}), "algorithm") for name in OTHER_ALGORITHMS},
    **{
        f"alg {value!r}": Bad(lambda forge, value=value: forge.token({"alg": value}), "malformed")
        for value in (None, 0, 256, True, [], ["HS256"], {}, ["none"])
    },
    "no alg": Bad(lambda forge: forge.token({"alg": ...}), "malformed"),
    "alg under a name of another case": Bad(lambda forge: forge.token({"alg": ..., "ALG": forge.key.algorithm}), "malformed"),
    "alg twice": Bad(header_text(lambda _, forge: forge.with_member("header", f'"alg":"{forge.key.algorithm}"')), "malformed"),
    "alg twice, first none": Bad(header_text(lambda text, _: '{"alg":"none",' + text[1:]), "malformed"),
    "alg twice, last none": Bad(header_text(lambda _, forge: forge.with_member("header", '"alg":"none"')), "malformed"),
    "alg twice, once escaped": Bad(header_text(lambda _, forge: forge.with_member("header", '"\\u0061lg":"none"')), "malformed"),
    "kid twice": Bad(header_text(lambda _, forge: forge.with_member("header", f'"kid":"{forge.key.id}"')), "malformed"),
    "kid twice, once escaped": Bad(header_text(lambda _, forge: forge.with_member("header", '"k\\u0069d":"x"')), "malformed"),
    **{f"another algorithm, {name}": Bad(lambda forge, name=name: another_algorithm(forge, name), "algorithm") for name in ALGORITHMS},
    **{
        f"crit {value!r}": refused_parameter("crit", value)
        for value in ([], ["exp"], ["b64"], ["kid"], ["http://x.example/ext"], "exp", None, {}, 1)
    },
    "crit, escaped": Bad(header_text(lambda _, forge: forge.with_member("header", '"\\u0063rit":["x"]')), "header of crit"),
    "crit and what it names": Bad(lambda forge: forge.token({"crit": ["x"], "x": 1}), "header of crit"),
    "b64 false": refused_parameter("b64", False),
    "b64 true": refused_parameter("b64", True),
    "b64 false and in crit": Bad(lambda forge: forge.token({"b64": False, "crit": ["b64"]}), "header of crit"),
    "jwk": Bad(lambda forge: own_key(forge, "jwk", lambda key: key.jwk), "badSignature"),
    "jku": Bad(lambda forge: own_key(forge, "jku", lambda _: "http://127.0.0.1:9/jwks.json"), "badSignature"),
    "x5u": Bad(lambda forge: own_key(forge, "x5u", lambda _: "file:///etc/passwd"), "badSignature"),
    "x5c": Bad(lambda forge: own_key(forge, "x5c", lambda _: ["MIIB"]), "badSignature"),
    "zip": refused_parameter("zip", "DEF"),
    "enc": refused_parameter("enc", "A128GCM"),
    **{f"kid {name}": key_id(value) for name, value in KEY_IDS.items()},
    **{f"kid {value!r}": key_id(value, "header of kid") for value in (None, 0, 1.5, True, [], ["key-ES256"], {}, {"kid": "x"})},
    "kid of a key of another algorithm": Bad(
        lambda forge: forge.token({"kid": next(iter(forge.others.values())).id}), "algorithm"
    ),
    "kid of another key of the algorithm": Bad(lambda forge: forge.token({"kid": forge.sibling.id}), "badSignature"),
    **{f"typ {value!r}": refused_parameter("typ", value) for value in (None, 1, ["JWT"], {}, True)},
    "cty a number": refused_parameter("cty", 1),
    **{f"{name} for a header": Bad(header_text(change), "malformed") for name, change in NO_OBJECTS.items()},
}


def another_algorithm(forge: Forge, name: str) -> str:
    """The header says `name`; where the key is of that algorithm, the next one: the rest is signed as it should be."""
    if name == forge.key.algorithm:
        name = ALGORITHMS[(ALGORITHMS.index(name) + 1) % len(ALGORITHMS)]
    return forge.token({"alg": name})


def time_claim(name: str, text: str, reason: str) -> Bad:
    return Bad(lambda forge: forge.token(None, forge.in_place("claims", name, text)), reason)


# Times that are no number of seconds from 1970 to the year 9999, as JSON writes them.
NO_TIMES = (
    '"1795547229"', '"2099-01-01T00:00:00Z"', '""', "null", "true", "false", "[]", "[1795547229]", "{}",
    "1e400", "-1e400", "1E999999999", "-1", "-0.5", "-1795547229", "253402300800.5", "1e13",
    "253402300800", "9007199254740992", "9007199254740993", "4102444800000000", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "1" * 400, "-" + "9" * 100,
)  # fmt: skip
# Seconds too (NumericDate, RFC 7519 §2), which our own tokens never have.
FRACTIONS = ("4102444800.0", "4102444800.5", "4.1024448e9", "41024448e2", "4102444800e0")
# Not even a number in JSON.
NO_NUMBERS = ("04102444800", "+4102444800", "0x7fffffff", "NaN", "Infinity", "-Infinity", "4102444800.", ".5", "4_102_444_800", "1,2")


def soon(seconds: int) -> str:
    return str(int(time.time()) + seconds)


PAYLOADS: dict[str, Bad] = {
    **{f"exp {text[:24]}": time_claim("exp", text, "claims of exp") for text in NO_TIMES},
    **{f"nbf {text[:24]}": time_claim("nbf", text, "claims of nbf") for text in NO_TIMES},
    **{f"iat {text[:24]}": time_claim("iat", text, "claims of iat") for text in NO_TIMES},
    **{f"exp {text}": time_claim("exp", text, "no claims") for text in NO_NUMBERS},
    "no exp": Bad(lambda forge: forge.token(None, {"exp": ...}), "claims of exp"),
    "exp under a name of another case": Bad(lambda forge: forge.token(None, {"exp": ..., "Exp": 4102444800}), "claims of exp"),
    "exp 0": time_claim("exp", "0", "expired"),
    "exp long ago": time_claim("exp", "1000000000", "expired"),
    "exp a second ago": Bad(lambda forge: forge.token(None, {"exp": int(soon(-1))}), "expired"),
    "exp now": Bad(lambda forge: forge.token(None, {"exp": int(soon(0))}), "expired"),
    "nbf in a minute": Bad(lambda forge: forge.token(None, {"nbf": int(soon(60))}), "notYetValid"),
    "nbf in 9999": time_claim("nbf", "253402300799", "notYetValid"),
    "iat in a minute": Bad(lambda forge: forge.token(None, {"iat": int(soon(60))}), "notYetValid"),
    "exp twice": Bad(claims_text(lambda _, forge: forge.with_member("claims", '"exp":4102444800')), "no claims"),
    "exp twice, once escaped": Bad(
        claims_text(lambda _, forge: forge.with_member("claims", '"\\u0065xp":4102444800')), "no claims"
    ),
    "sub twice": Bad(claims_text(lambda _, forge: forge.with_member("claims", '"sub":"admin"')), "no claims"),
    "iss twice, first wrong": Bad(claims_text(lambda text, _: '{"iss":"https://attacker.example",' + text[1:]), "no claims"),
    "no iss": Bad(lambda forge: forge.token(None, {"iss": ...}), "wrongIssuer"),
    **{
        f"iss {name}": Bad(lambda forge, change=change: forge.token(None, {"iss": change(forge.claims["iss"])}), "wrongIssuer")
        for name, change in {
            "another": lambda _: "https://attacker.example",
            "empty": lambda _: "",
            "with a slash": lambda iss: iss + "/",
            "of another case": str.upper,
            "cut": lambda iss: iss[:-1],
            "with NUL": lambda iss: iss + "\0",
            "with a space": lambda iss: iss + " ",
            "with a letter of no width": lambda iss: iss + "\u200d",
        }.items()
    },
    **{
        f"iss {value!r}": Bad(lambda forge, value=value: forge.token(None, {"iss": value}), "claims of iss")
        for value in (None, 1, [], ["https://issuer.example"], {}, True)
    },
    "no aud": Bad(lambda forge: forge.token(None, {"aud": ...}), "wrongAudience"),
    **{
        f"aud {name}": Bad(lambda forge, change=change: forge.token(None, {"aud": change(forge.claims["aud"])}), "wrongAudience")
        for name, change in {
            "another": lambda _: "https://attacker.example",
            "empty": lambda _: "",
            "of none": lambda _: [],
            "of others": lambda aud: [aud + "/", aud[:-1], aud.upper()],
            "a part": lambda aud: aud[:-1],
            "a list in a string": lambda aud: aud + " " + aud,
        }.items()
    },
    **{
        f"aud {value!r}": Bad(lambda forge, value=value: forge.token(None, {"aud": value}), "claims of aud")
        for value in (None, 1, {}, True, [1], [None], [["https://audience.example"]])
    },
    "aud a number beside the right one": Bad(lambda forge: forge.token(None, {"aud": [forge.claims["aud"], 1]}), "claims of aud"),
    **{
        f"{name} {value!r}": Bad(lambda forge, name=name, value=value: forge.token(None, {name: value}), f"claims of {name}")
        for name in ("sub", "jti")
        for value in (None, 1, ["alice"], {}, False)
    },
    **{f"{name} for claims": Bad(claims_text(change), "no claims") for name, change in NO_OBJECTS.items()},
    "text for claims": Bad(lambda forge: forge.token(None, "alice"), "no claims"),
}


def parts(change: Callable[[str, str, str], str]) -> Callable[[Forge], str]:
    """Of the good token, after it was signed."""
    return lambda forge: change(*forge.token().split("."))


def signed_parts(change: Callable[[str, str], str]) -> Callable[[Forge], str]:
    """Of the first two parts, before they are signed: the signature is good."""
    return lambda forge: forge.seal(change(*forge.token().split(".")[:2]))


def of_length(forge: Forge, remainder: int, part: int) -> list[str]:
    """The parts of a good token whose `part` has that many letters past a multiple of four."""
    for extra in range(8):
        member = {"x": "y" * extra}
        pieces = (forge.token(member) if part == 0 else forge.token(None, member)).split(".")
        if len(pieces[part]) % 4 == remainder:
            return pieces
    raise AssertionError("every remainder but 1 comes up within three letters")


def trailing_bits(part: int, remainder: int) -> Callable[[Forge], str]:
    """The last letter has bits that belong to no byte: a lenient reader takes it for the same bytes."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    def make(forge: Forge) -> str:
        pieces = of_length(forge, remainder, part)
        text = pieces[part]
        pieces[part] = text[:-1] + letters[letters.index(text[-1]) | 1]
        assert pieces[part] != text and unb64(pieces[part]) == unb64(text)
        return forge.seal(".".join(pieces[:2]))

    return make


def signature_bits(forge: Forge) -> str:
    head, payload, signature = forge.token().split(".")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return f"{head}.{payload}.{signature[:-1]}{letters[letters.index(signature[-1]) | 1]}"


def standard_alphabet(forge: Forge) -> str:
    """Signed with + and / for - and _; the payload is one that has both."""
    head, payload = forge.token(None, {"x": "\u00ff\u00fe??>>~~\u03ff\u07bf" * 3}).split(".")[:2]
    raw = json.dumps(forge.claims | {"x": "???>>>~~~???\u00bf\u00bf\u00bf"}, ensure_ascii=False).encode()
    standard = base64.b64encode(raw).decode().rstrip("=")
    assert "/" in standard or "+" in standard
    return forge.seal(f"{head}.{standard}")


def of_bytes(count: int) -> Callable[[Forge], str]:
    def make(forge: Forge) -> str:
        empty = len(forge.token(None, {"x": ""}))
        for length in range((count - empty) * 3 // 4 - 4, count):
            token = forge.token(None, {"x": "y" * length})
            if len(token) == count:
                return token
            if len(token) > count:
                # Not every length can be had with the payload alone.
                break
        for more in range(12):
            for length in range((count - empty) * 3 // 4 - 30, (count - empty) * 3 // 4 + 4):
                token = forge.token({"x": "z" * more}, {"x": "y" * length})
                if len(token) == count:
                    return token
        raise AssertionError(count)

    return make


def injected(what: str) -> dict[str, Bad]:
    """`what` before, within and after each part, with the signature over all of it where it is in what is signed."""
    return {
        f"{what!r} before": Bad(signed_parts(lambda head, payload: f"{what}{head}.{payload}"), "malformed"),
        f"{what!r} in the header": Bad(signed_parts(lambda head, payload: f"{head[:8]}{what}{head[8:]}.{payload}"), "malformed"),
        f"{what!r} after the header": Bad(signed_parts(lambda head, payload: f"{head}{what}.{payload}"), "malformed"),
        f"{what!r} in the payload": Bad(signed_parts(lambda head, payload: f"{head}.{payload[:8]}{what}{payload[8:]}"), "malformed"),
        f"{what!r} after the payload": Bad(signed_parts(lambda head, payload: f"{head}.{payload}{what}"), "malformed"),
        f"{what!r} in the signature": Bad(parts(lambda h, p, s: f"{h}.{p}.{s[:8]}{what}{s[8:]}"), "malformed"),
        f"{what!r} at the end": Bad(parts(lambda h, p, s: f"{h}.{p}.{s}{what}"), "malformed"),
    }


FORMAT: dict[str, Bad] = {
    "one part": Bad(parts(lambda h, p, s: h), "malformed"),
    "two parts": Bad(parts(lambda h, p, s: f"{h}.{p}"), "malformed"),
    "four parts": Bad(parts(lambda h, p, s: f"{h}.{p}.{s}."), "malformed"),
    "four parts, the last the signature again": Bad(parts(lambda h, p, s: f"{h}.{p}.{s}.{s}"), "malformed"),
    "five parts": Bad(parts(lambda h, p, s: f"{h}.{p}.{s}.{p}.{s}"), "malformed"),
    "five parts, as an encrypted token": Bad(parts(lambda h, p, s: f"{h}..{p}.{s}.AAAA"), "malformed"),
    "a dot before": Bad(parts(lambda h, p, s: f".{h}.{p}.{s}"), "malformed"),
    "dots alone": Bad(parts(lambda h, p, s: ".."), "malformed"),
    "no header": Bad(parts(lambda h, p, s: f".{p}.{s}"), "malformed"),
    "no payload": Bad(signed_parts(lambda head, payload: f"{head}."), "no claims"),
    "no signature": Bad(parts(lambda h, p, s: f"{h}.{p}."), "badSignature"),
    "JSON serialization": Bad(
        parts(lambda h, p, s: json.dumps({"payload": p, "protected": h, "signature": s})), "malformed"
    ),
    "general JSON serialization": Bad(
        parts(lambda h, p, s: json.dumps({"payload": p, "signatures": [{"protected": h, "signature": s}]})), "malformed"
    ),
    "Bearer before": Bad(parts(lambda h, p, s: f"Bearer {h}.{p}.{s}"), "malformed"),
    "quoted": Bad(parts(lambda h, p, s: f'"{h}.{p}.{s}"'), "malformed"),
    "the header not encoded": Bad(lambda forge: forge.seal(forge.text("header") + "." + forge.token().split(".")[1]), "malformed"),
    "the payload not encoded": Bad(
        lambda forge: forge.seal(forge.token().split(".")[0] + "." + '{"sub":"alice"}'), "malformed"
    ),
    **{
        f"{'header' if part == 0 else 'payload'} with trailing bits, {remainder} letters over": Bad(
            trailing_bits(part, remainder), "malformed"
        )
        for part in (0, 1)
        for remainder in (2, 3)
    },
    "signature with trailing bits": Bad(signature_bits, "malformed"),
    "header padded": Bad(signed_parts(lambda head, payload: f"{head}{'=' * (-len(head) % 4) or '='}.{payload}"), "malformed"),
    "payload padded": Bad(signed_parts(lambda head, payload: f"{head}.{payload}{'=' * (-len(payload) % 4) or '='}"), "malformed"),
    "signature padded": Bad(parts(lambda h, p, s: f"{h}.{p}.{s}{'=' * (-len(s) % 4) or '='}"), "malformed"),
    "a letter too many": Bad(lambda forge: forge.seal(".".join(of_length(forge, 0, 0)[:2]).replace(".", "A.")), "malformed"),
    "letters of the standard alphabet": Bad(standard_alphabet, "malformed"),
    **{
        name: bad
        for what in (" ", "\t", "\r", "\v", "\0", "=", "%3D", "+", "/", "~", "\u200b", "\u00e9", "\ufeff", "\U0001f511")
        for name, bad in injected(what).items()
    },
    "4097 bytes": Bad(of_bytes(4097), "tooLong"),
    "8 KiB": Bad(of_bytes(8192), "tooLong"),
}

# What others may write, and our own tokens never hold.
USUAL_ELSEWHERE: dict[str, Bad] = {
    **{f"exp {text}": time_claim("exp", text, "") for text in FRACTIONS},
    "jwk of the trusted key": Bad(lambda forge: forge.token({"jwk": forge.key.jwk}), ""),
    "jku beside the trusted key": Bad(lambda forge: forge.token({"jku": "https://issuer.example/jwks.json"}), ""),
}

USUAL: dict[str, Bad] = {
    **USUAL_ELSEWHERE,
    "nbf a fraction": Bad(lambda forge: forge.token(None, forge.in_place("claims", "nbf", "1000000000.25")), ""),
    "4096 bytes": Bad(of_bytes(4096), ""),
    "without kid": Bad(lambda forge: forge.token({"kid": ...}), ""),
    "without typ": Bad(lambda forge: forge.token({"typ": ...}), ""),
    "typ JWT": Bad(lambda forge: forge.token({"typ": "JWT", "cty": "x"}), ""),
    "unknown parameters": Bad(lambda forge: forge.token({"x": 1, "y": {"z": [None]}, "x5t": "a", "url": "http://x"}), ""),
    "white space in the JSON": Bad(lambda forge: forge.token(" \t\r\n" + json.dumps(forge.header, indent=2) + "\n"), ""),
    "escapes in names": Bad(
        lambda forge: forge.token(forge.text("header").replace('"alg"', '"\\u0061\\u006c\\u0067"'), forge.text("claims").replace('"exp"', '"\\u0065xp"')), ""
    ),
    "several audiences": Bad(lambda forge: forge.token(None, {"aud": ["x", forge.claims["aud"], "y"]}), ""),
    "nbf and iat now": Bad(lambda forge: forge.token(None, {"nbf": int(soon(0)), "iat": int(soon(0))}), ""),
    "exp in 9999": Bad(lambda forge: forge.token(None, {"exp": 253402300799}), ""),
    "odd values of claims that nobody reads": Bad(
        lambda forge: forge.token(None, forge.with_member("claims", '"x":1e400,"y":-0.5E+10,"z":[[[[[1]]]]],"w":null')), ""
    ),
    "text of all kinds": Bad(lambda forge: forge.token(None, {"name": "\U0001f511 é \u202e \x7f \" \\ /"}), ""),
    "64 members": Bad(lambda forge: forge.token(None, {f"m{n}": n for n in range(64 - len(forge.claims))}), ""),
}  # fmt: skip


def resigned(change: Callable[[bytes], bytes]) -> Callable[[Forge], str]:
    """The good signature, changed."""
    return lambda forge: forge.token(sign=lambda message: change(forge.key.sign(message)))


def p256(change: Callable[[int, int], tuple[int, int]]) -> Callable[[Forge], str]:
    def apply(signature: bytes) -> bytes:
        r, s = change(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return resigned(apply)


def confused(secret: Callable[[Key], bytes], named: bool) -> Callable[[Forge], str]:
    """The public key, which everybody has, as the secret of an HMAC."""

    def make(forge: Forge) -> str:
        header = {"alg": "HS256"} | ({} if named else {"kid": ...})
        return forge.token(header, sign=lambda message: hmac.digest(secret(forge.key), message, "sha256"))

    return make


def other_rsa(sign: Callable[[object, bytes], bytes]) -> Callable[[Forge], str]:
    return lambda forge: forge.token(sign=lambda message: sign(forge.key.material, message))


SECRETS_OF_A_PUBLIC_KEY: dict[str, Callable[[Key], bytes]] = {
    "PEM": lambda key: key.public_bytes("PEM"),
    "PEM without its last line break": lambda key: key.public_bytes("PEM").rstrip(),
    "DER": lambda key: key.public_bytes("DER"),
    "JWK": lambda key: json.dumps(key.jwk, separators=(",", ":")).encode(),
    "spaced JWK": lambda key: json.dumps(key.jwk).encode(),
    "x or n": lambda key: (key.jwk.get("x") or key.jwk["n"]).encode(),
    "bytes of x or n": lambda key: unb64(key.jwk.get("x") or key.jwk["n"]),
}
PUBLIC = ("ES256", "EdDSA", "RS256", "PS256")
RSA = ("RS256", "PS256")
PSS = padding.PSS
MGF1 = padding.MGF1

SIGNATURES: dict[str, Bad] = {
    "one bit in it": Bad(resigned(lambda s: bytes([s[0] ^ 1]) + s[1:]), "badSignature"),
    "the last bit of it": Bad(resigned(lambda s: s[:-1] + bytes([s[-1] ^ 1])), "badSignature"),
    "zeros": Bad(resigned(lambda s: bytes(len(s))), "badSignature"),
    "ones": Bad(resigned(lambda s: b"\xff" * len(s)), "badSignature"),
    "a byte short": Bad(resigned(lambda s: s[:-1]), "badSignature"),
    "a byte more": Bad(resigned(lambda s: s + b"\0"), "badSignature"),
    "a zero before": Bad(resigned(lambda s: b"\0" + s), "badSignature"),
    "half of it": Bad(resigned(lambda s: s[: len(s) // 2]), "badSignature"),
    "twice": Bad(resigned(lambda s: s + s), "badSignature"),
    "a single byte": Bad(resigned(lambda s: s[:1]), "badSignature"),
    "800 bytes": Bad(resigned(lambda s: s + bytes(800)), "badSignature"),
    "of a stranger": Bad(lambda forge: forge.with_key(Key.make(forge.key.algorithm, None)).token(), "badSignature"),
    "of another key that is trusted": Bad(lambda forge: forge.with_key(forge.sibling).token(), "badSignature"),
    "of the payload alone": Bad(
        lambda forge: forge.token(sign=lambda message: forge.key.sign(message.split(b".")[1])), "badSignature"
    ),
    "of other claims": Bad(
        parts(lambda h, p, s: f"{h}.{b64(unb64(p).replace(b'alice', b'admin'))}.{s}"), "badSignature"
    ),
    "of another header": Bad(
        lambda forge: forge.token({"x": 1}).split(".")[0] + "." + ".".join(forge.token().split(".")[1:]), "badSignature"
    ),
    **{
        f"HMAC with the public key as {name}, {'its kid' if named else 'no kid'}": Bad(
            confused(secret, named), "algorithm" if named else "badSignature", PUBLIC
        )
        for name, secret in SECRETS_OF_A_PUBLIC_KEY.items()
        for named in (True, False)
    },
    "HMAC with an empty key": Bad(
        lambda forge: forge.token(sign=lambda message: hmac.digest(b"", message, "sha256")), "badSignature", ("HS256",)
    ),
    "HMAC with the text of the secret": Bad(
        lambda forge: forge.token(sign=lambda message: hmac.digest(b64(forge.key.material).encode(), message, "sha256")),
        "badSignature",
        ("HS256",),
    ),
    "HMAC of SHA-512": Bad(
        lambda forge: forge.token(sign=lambda message: hmac.digest(forge.key.material, message, "sha512")), "badSignature", ("HS256",)
    ),
    "HMAC of SHA-512, cut": Bad(
        lambda forge: forge.token(sign=lambda message: hmac.digest(forge.key.material, message, "sha512")[:32]),
        "badSignature",
        ("HS256",),
    ),
    "r = 0": Bad(p256(lambda r, s: (0, s)), "badSignature", ("ES256",)),
    "s = 0": Bad(p256(lambda r, s: (r, 0)), "badSignature", ("ES256",)),
    "r = s = 0": Bad(p256(lambda r, s: (0, 0)), "badSignature", ("ES256",)),
    "r = s = 1": Bad(p256(lambda r, s: (1, 1)), "badSignature", ("ES256",)),
    "r = n": Bad(p256(lambda r, s: (P256_ORDER, s)), "badSignature", ("ES256",)),
    "s = n": Bad(p256(lambda r, s: (r, P256_ORDER)), "badSignature", ("ES256",)),
    "r = n + 1": Bad(p256(lambda r, s: (P256_ORDER + 1, s)), "badSignature", ("ES256",)),
    "s = n - 1": Bad(p256(lambda r, s: (r, P256_ORDER - 1)), "badSignature", ("ES256",)),
    "s = 2^256 - 1": Bad(p256(lambda r, s: (r, 2**256 - 1)), "badSignature", ("ES256",)),
    "s before r": Bad(p256(lambda r, s: (s, r)), "badSignature", ("ES256",)),
    "n - r": Bad(p256(lambda r, s: (P256_ORDER - r, s)), "badSignature", ("ES256",)),
    "DER": Bad(
        resigned(lambda s: utils.encode_dss_signature(int.from_bytes(s[:32], "big"), int.from_bytes(s[32:], "big"))),
        "badSignature",
        ("ES256",),
    ),
    "S plus the order": Bad(
        resigned(lambda s: s[:32] + (int.from_bytes(s[32:], "little") + ED25519_ORDER).to_bytes(32, "little")),
        "badSignature",
        ("EdDSA",),
    ),
    "R of small order": Bad(resigned(lambda s: b"\x01" + bytes(31) + s[32:]), "badSignature", ("EdDSA",)),
    "R of small order and S = 0": Bad(resigned(lambda s: b"\x01" + bytes(63)), "badSignature", ("EdDSA",)),
    "R not on the curve": Bad(resigned(lambda s: b"\x02" + bytes(31) + s[32:]), "badSignature", ("EdDSA",)),
    "of the hash": Bad(
        lambda forge: forge.token(sign=lambda message: forge.key.sign(hashes_sha512(message))), "badSignature", ("EdDSA",)
    ),
    "the other padding": Bad(
        lambda forge: forge.token(sign=lambda message: forge.key.sign(message, "PS256" if forge.key.algorithm == "RS256" else "RS256")),
        "badSignature",
        RSA,
    ),
    "the other padding, and its name": Bad(
        lambda forge: other_padding(forge), "algorithm", RSA
    ),
    "PKCS #1 of SHA-512": Bad(
        other_rsa(lambda key, message: key.sign(message, padding.PKCS1v15(), hashes.SHA512())), "badSignature", RSA
    ),
    "PKCS #1 of SHA-1": Bad(
        other_rsa(lambda key, message: key.sign(message, padding.PKCS1v15(), hashes.SHA1())), "badSignature", RSA
    ),
    "PSS without salt": Bad(
        other_rsa(lambda key, message: key.sign(message, PSS(MGF1(hashes.SHA256()), 0), hashes.SHA256())), "badSignature", RSA
    ),
    "PSS with 20 bytes of salt": Bad(
        other_rsa(lambda key, message: key.sign(message, PSS(MGF1(hashes.SHA256()), 20), hashes.SHA256())), "badSignature", RSA
    ),
    "PSS with all the salt there is room for": Bad(
        other_rsa(lambda key, message: key.sign(message, PSS(MGF1(hashes.SHA256()), PSS.MAX_LENGTH), hashes.SHA256())),
        "badSignature",
        RSA,
    ),
    "PSS with SHA-1 in its mask": Bad(
        other_rsa(lambda key, message: key.sign(message, PSS(MGF1(hashes.SHA1()), 32), hashes.SHA256())), "badSignature", RSA
    ),
    "PSS of SHA-512": Bad(
        other_rsa(lambda key, message: key.sign(message, PSS(MGF1(hashes.SHA512()), 64), hashes.SHA512())), "badSignature", RSA
    ),
    "as large as the modulus": Bad(
        lambda forge: forge.token(sign=lambda _: unb64(forge.key.jwk["n"])), "badSignature", RSA
    ),
    "one": Bad(lambda forge: forge.token(sign=lambda _: (1).to_bytes(256, "big")), "badSignature", RSA),
}  # fmt: skip


def other_padding(forge: Forge) -> str:
    name = "PS256" if forge.key.algorithm == "RS256" else "RS256"
    return forge.token({"alg": name}, sign=lambda message: forge.key.sign(message, name))


def hashes_sha512(message: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA512())
    digest.update(message)
    return digest.finalize()
