"""Samples for `tools/house-check --self-test`: each bad one must be flagged once with these words, no good one at all."""

from textwrap import dedent

# The forbidden words are put together here, so that this file passes its own check.
UNFINISHED = "TO" + "DO"
MACHINE = "/wo" + "rk"

_LONG_FUNCTION = "func count() {\n" + "  step()\n" * 59 + "}\n"

# (what the breach must say, the files of the sample)
BAD: list[tuple[str, dict[str, str]]] = [
    ("301 lines", {"Sources/A/Long.swift": "let x = 1\n" * 301}),
    ("301 lines", {"tools/long": "echo\n" * 301}),
    ("count has 61 lines", {"Sources/A/F.swift": _LONG_FUNCTION}),
    ("init has 61 lines", {"Sources/A/F.swift": _LONG_FUNCTION.replace("func count()", "init?(a: [Int] = { [1] }())")}),
    ("body has 61 lines", {"Sources/A/F.swift": _LONG_FUNCTION.replace("func count()", "var body: Int")}),
    ("file TokenManager: 'Manager'", {"Sources/A/TokenManager.swift": ""}),
    ("class KeyManager: 'Manager'", {"Sources/A/F.swift": "final class KeyManager {}"}),
    ("enum Utils: 'Utils'", {"Tests/A/F.swift": "enum Utils {}"}),
    ("function makeHandler: 'Handler'", {"Sources/A/F.swift": "func makeHandler() {}"}),
    ("function processAll: 'process'", {"Sources/A/F.swift": "func processAll() {}"}),
    ("struct KeyInfo: 'Info'", {"Sources/A/F.swift": "struct KeyInfo {}"}),
    ("struct UserData: 'Data'", {"Sources/A/F.swift": "struct UserData {}"}),
    ("TokenLedger does not import TokenSigning", {"Sources/TokenLedger/F.swift": "import TokenSigning"}),
    ("TokenEngine does not import Foundation", {"Sources/TokenEngine/F.swift": "internal import struct Foundation.URL"}),
    ("WriteAheadLog does not import NIOCore", {"Sources/WriteAheadLog/F.swift": "@preconcurrency package import NIOCore"}),
    ("TokenHTTP does not import WriteAheadLog", {"Sources/TokenHTTP/F.swift": "import WriteAheadLog"}),
    ("TokenHTTP does not import TokenConsole", {"Sources/TokenHTTP/F.swift": "internal import TokenConsole"}),
    ("TokenObservability does not import NIOCore", {"Sources/TokenObservability/F.swift": "internal import NIOCore"}),
    ("refresh-ledger does not import Testing", {"Sources/refresh-ledger/F.swift": "import Testing"}),
    ("try! traps", {"Tests/A/F.swift": "let x = try! f()"}),
    ("as! traps", {"Sources/A/F.swift": 'let x = "\\(y as! Int)"'}),
    ("print belongs", {"Sources/A/F.swift": "print(1)"}),
    ("@unchecked Sendable without", {"Sources/A/F.swift": "\nfinal class A: @unchecked Sendable {}"}),
    (UNFINISHED, {"Sources/A/F.swift": f"// {UNFINISHED}: more"}),
    (f"{MACHINE} is a folder", {"Tests/A/F.swift": f'let x = "{MACHINE}/x"'}),
    ("/tmp is a folder", {"Sources/A/F.swift": 'let x = "/tmp/x"'}),
    ("GoneTests.swift is not there", {"docs/a.md": "see `Tests/A/GoneTests.swift`"}),
    ("b.md is not there", {"docs/a.md": "see [b](b.md#part)"}),
    ("private key", {"docs/key.md": "-----BEGIN EC PRIVATE " + "KEY-----"}),
    (
        "circle between files: A.swift -(B)-> B.swift -(A)-> A.swift",
        {"Sources/T/A.swift": "struct A { var b: B? }", "Sources/T/B.swift": "struct B { let a: [A] }"},
    ),
    (
        "A.swift -(B)-> B.swift -(C)-> C.swift -(A)-> A.swift",
        {
            "Sources/T/A.swift": "enum A { case b(B) }",
            "Sources/T/B.swift": "extension C {}\nstruct B {}",
            "Sources/T/C.swift": "protocol C { func a() -> T.A }",
        },
    ),
]

GOOD: list[tuple[str, dict[str, str]]] = [
    ("300 lines", {"Sources/A/Long.swift": "let x = 1\n" * 300}),
    ("a function of 60 lines", {"Sources/A/F.swift": _LONG_FUNCTION.replace("  step()\n", "", 1)}),
    (
        "requirements without bodies",
        {"Sources/A/F.swift": "protocol P {\n" + "  func a() -> Int\n" * 70 + "  var b: Int { get }\n}\n"},
    ),
    (
        "words in comments and strings",
        {
            "Sources/TokenEngine/F.swift": dedent(
                '''
                // import Foundation; try! print(1)
                /* class Manager /* nested */ as! */
                let a = "import NIOCore; try! \\" print(1)"
                let b = #"a " try! \\(x) "#
                let c = """
                  import Foundation
                  " as! \\(d("try!")) print(1)
                  """
                '''
            )
        },
    ),
    ("FoundationEssentials", {"Sources/TokenEngine/F.swift": "import FoundationEssentials\nimport TokenLedger"}),
    ("print in the command line", {"Sources/refresh-ledger/F.swift": "print(1)"}),
    ("a method named print", {"Sources/A/F.swift": "table.print(1)\nfunc print(_ x: Int) {}"}),
    ("a reason above", {"Sources/A/F.swift": "/// Safe: immutable.\n@frozen\nfinal class A: @unchecked Sendable {}"}),
    ("a reason beside", {"Sources/A/F.swift": "final class A: @unchecked Sendable {  // Immutable.\n}"}),
    ("what is there", {"docs/a.md": "[b](b.md), `Tests/A`, [up](../README.md)", "docs/b.md": "", "Tests/A/F.c": "", "README.md": ""}),
    ("a web address", {"README.md": f"https://example.org{MACHINE}/x and tmp/x and ./root/x"}),
    ("a sentence as a test's name", {"Tests/A/F.swift": "@Test func `a Handler is not called twice`() {}"}),
    ("the data folder", {"Sources/A/F.swift": "struct DataFolderOption {}"}),
    ("class func", {"Sources/A/F.swift": "class func f() {}"}),
    (
        "an extension in a file of its own",
        {"Sources/T/A.swift": "struct A { func f() { g() } }", "Sources/T/A+G.swift": "extension A { func g() { h(A()) } }"},
    ),
    (
        "a nested type of the same name in the file itself",
        {"Sources/T/A.swift": "struct A { struct B {} \n let b: B }", "Sources/T/B.swift": "struct B { let a: A }"},
    ),
    (
        "a private type that the other file cannot mean",
        {"Sources/T/A.swift": "struct A { let b: B }", "Sources/T/B.swift": "private struct B {}\nstruct C { let a: A }"},
    ),
    (
        "a nested type that the other file cannot mean",
        {"Sources/T/A.swift": "struct A { let b: B }", "Sources/T/B.swift": "struct C { let a: A; struct B {} }"},
    ),
    (
        "another type's nested type of the same name",
        {"Sources/T/A.swift": "struct A { let b: UUID.B }", "Sources/T/B.swift": "struct B { let a: A }"},
    ),
    (
        "two targets",
        {"Sources/T/A.swift": "struct A { var b: B? }", "Sources/U/B.swift": "struct B { let a: [A] }"},
    ),
]


def run(breaches) -> int:
    """Feeds every sample to `breaches` and prints what goes wrong; the exit code."""
    failed = 0
    for expected, files in BAD:
        messages = [message for _, _, message in breaches(files)]
        if len(messages) != 1 or expected not in messages[0]:
            failed += 1
            print(f"self-test: expected one breach with {expected!r}, got {messages}")
    for name, files in GOOD:
        messages = [message for _, _, message in breaches(files)]
        if messages:
            failed += 1
            print(f"self-test: expected none for {name!r}, got {messages}")
    print(f"house-check --self-test: {len(BAD) + len(GOOD)} samples, {failed} failed")
    return 1 if failed else 0
