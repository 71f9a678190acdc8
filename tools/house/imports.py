"""What each target under Sources may import."""

from house.swift_source import SwiftSource

# Modules of others, by what they bring. A trailing * stands for any ending.
_HTTP = ("Hummingbird*", "NIO*", "HTTPTypes", "AsyncHTTPClient", "WebSocket*")
_SERVING = ("Hummingbird*",)
_COMMAND = ("ArgumentParser", "Configuration", "Yams", "Histogram")
_REPORTING = ("Logging", "Metrics", "CoreMetrics", "Tracing", "Instrumentation")
_FOUNDATION = ("Foundation", "FoundationNetworking")
_PASSWORDS = ("CArgon2", "CCrypt")
_CRYPTOGRAPHY = ("COpenSSL",) + _PASSWORDS
_LOG_BYTES = ("CLZ4", "CChecksum")
_TESTING = ("Testing", "XCTest", "TokenTesting", "TokenTestInputs", "LedgerTesting", "LedgerProof")
_C_LIBRARY = ("Glibc", "Darwin", "Musl", "CSyncFileRange")
_CORE = _HTTP + _COMMAND + _REPORTING + _FOUNDATION

# The targets that speak to the operating system themselves: what a port has to look at.
IMPORTS_C_LIBRARY = ("Platform",)

# target: (our modules that it may import, others that it must not)
TABLE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # Files, threads, clocks; no tokens.
    "Platform": ((), _CORE + _CRYPTOGRAPHY + _LOG_BYTES + ("ServiceLifecycle",)),
    # Knows frames, not what a token is.
    "WriteAheadLog": (("Platform",), _CORE + _CRYPTOGRAPHY + ("ServiceLifecycle",)),
    # The values that all ledgers share, and the rule; no storage, no JWT.
    "RotationModel": (("Platform",), _CORE + _CRYPTOGRAPHY + _LOG_BYTES + ("ServiceLifecycle",)),
    # Knows sessions, not JWT, not how the log keeps its bytes.
    "TokenLedger": (
        ("Platform", "WriteAheadLog", "RotationModel"), _CORE + _CRYPTOGRAPHY + _LOG_BYTES + ("ServiceLifecycle",)),
    # Knows sessions as rows; takes from the ledger with a log how it corrects time and remembers revocations, and what is
    # moved from one to the other. Of libcrypto it knows only that libpq uses it.
    "TokenLedgerPostgres": (("Platform", "RotationModel", "TokenLedger"), _CORE + _PASSWORDS + _LOG_BYTES),
    # Knows signatures, not the ledger.
    "TokenSigning": (("Platform",), _CORE + _PASSWORDS + _LOG_BYTES + ("ServiceLifecycle",)),
    # Judges access tokens, in any process; no ledger, no HTTP.
    "TokenVerification": (("Platform", "RotationModel", "TokenSigning"), _CORE + _CRYPTOGRAPHY + _LOG_BYTES),
    # Asks the server, as a stranger does.
    "TokenClient": (("Platform", "RotationModel"), _CORE + _CRYPTOGRAPHY + _LOG_BYTES + ("ServiceLifecycle",)),
    # Knows grants, not HTTP, not passwords.
    "TokenEngine": (
        ("Platform", "WriteAheadLog", "RotationModel", "TokenLedger", "TokenLedgerPostgres", "TokenSigning", "TokenVerification"),
        _CORE + _PASSWORDS + _LOG_BYTES),
    # Users and clients; the one place that links argon2 and crypt.
    "TokenAccounts": (
        ("Platform", "RotationModel", "TokenLedger", "TokenLedgerPostgres", "TokenSigning", "TokenEngine"),
        _CORE + _LOG_BYTES),
    # Tells loggers, metrics and tracers what the engine reports and answers; serves nothing.
    "TokenObservability": (
        ("RotationModel", "TokenEngine"),
        _HTTP + _COMMAND + _FOUNDATION + _CRYPTOGRAPHY + _LOG_BYTES
        + ("Metrics", "Instrumentation", "ServiceLifecycle")),
    # Have no rules of their own: they speak to the engine alone, whose answers are in the ledger's words. What is added to the
    # routes is not known to them.
    "TokenHTTP": (
        ("Platform", "RotationModel", "TokenLedger", "TokenEngine", "TokenObservability"),
        _COMMAND + _CRYPTOGRAPHY + _LOG_BYTES + ("AsyncHTTPClient",)),
    "TokenConsole": (
        ("Platform", "RotationModel", "TokenLedger", "TokenEngine", "TokenObservability", "TokenHTTP"),
        _COMMAND + _FOUNDATION + _CRYPTOGRAPHY + _LOG_BYTES + ("AsyncHTTPClient",)),
    # Sees a server as a stranger does, or the engine as an embedder does.
    "RefreshRotationLoad": (
        ("Platform", "RotationModel", "TokenEngine"),
        _SERVING + ("ArgumentParser", "Configuration", "Yams") + _CRYPTOGRAPHY + _LOG_BYTES),
    # Time and randomness for tests, also where there is no engine.
    "TokenTestInputs": (("RotationModel", "TokenLedger"), _CORE + _CRYPTOGRAPHY + _LOG_BYTES),
    # What an embedder's tests hand to the engine, whatever they are written with.
    "TokenTesting": (
        ("RotationModel", "TokenLedger", "TokenSigning", "TokenEngine", "TokenTestInputs"), _CORE + _CRYPTOGRAPHY + _LOG_BYTES),
}
def imports(source: SwiftSource, own: frozenset[str]):
    """Yields (line, message); `own` has the names of our targets."""
    parts = source.path.split("/")
    if parts[0] != "Sources":
        return
    target = parts[1]
    # The command is built on all of it; what is for tests is known to nobody that does not say so.
    known, forbidden = TABLE.get(target, (own, ()))
    forbidden += tuple(each for each in _TESTING if target not in TABLE or each not in known)
    for module, offset in source.imports:
        line = source.line_at(offset)
        if any(module == each or each.endswith("*") and module.startswith(each[:-1]) for each in forbidden):
            yield line, f"{target} does not import {module}: see docs/architecture.md and tools/house/imports.py"
        elif module in own and module != target and module not in known:
            yield line, f"{target} does not know {module}: see docs/architecture.md and tools/house/imports.py"
        elif module in _C_LIBRARY and target not in IMPORTS_C_LIBRARY:
            yield line, f"{target} imports {module}: what it needs of the system belongs to {IMPORTS_C_LIBRARY[0]}"
