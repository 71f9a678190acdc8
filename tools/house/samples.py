"""Samples for `tools/house-check --self-test`: each bad one must be flagged once with these words, no good one at all."""

from textwrap import dedent

from house.swift_source import SwiftSource

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
    ("TokenLedger does not know TokenSigning", {"Sources/TokenLedger/F.swift": "import TokenSigning"}),
    ("TokenEngine does not import Foundation", {"Sources/TokenEngine/F.swift": "internal import struct Foundation.URL"}),
    ("WriteAheadLog does not import NIOCore", {"Sources/WriteAheadLog/F.swift": "@preconcurrency package import NIOCore"}),
    ("TokenHTTP does not know WriteAheadLog", {"Sources/TokenHTTP/F.swift": "import WriteAheadLog"}),
    ("TokenEngine does not import CArgon2", {"Sources/TokenEngine/F.swift": "import CArgon2"}),
    ("TokenEngine does not know TokenAccounts", {"Sources/TokenEngine/F.swift": "import TokenAccounts"}),
    ("TokenHTTP does not know TokenConsole", {"Sources/TokenHTTP/F.swift": "internal import TokenConsole"}),
    ("TokenObservability does not import NIOCore", {"Sources/TokenObservability/F.swift": "internal import NIOCore"}),
    ("TokenLedger imports Glibc", {"Sources/TokenLedger/F.swift": "internal import Glibc"}),
    ("WriteAheadLog does not import LedgerTesting", {"Sources/WriteAheadLog/F.swift": "import LedgerTesting"}),
    ("refresh-ledger does not import Testing", {"Sources/refresh-ledger/F.swift": "import Testing"}),
    ("a comment of 121 characters", {"Tests/A/F.swift": "// " + "a" * 118}),
    ("begins with 'Whether'", {"Sources/A/F.swift": "/// Whether it is over.\nlet isOver = true"}),
    ("begins with 'The same'", {"Sources/A/F.swift": "struct A {\n  /// The same, later.\n  let b = 1\n}"}),
    ("try! traps", {"Tests/A/F.swift": "let x = try! f()"}),
    ("as! traps", {"Sources/A/F.swift": 'let x = "\\(y as! Int)"'}),
    ("print belongs", {"Sources/A/F.swift": "print(1)"}),
    ("@unchecked Sendable without", {"Sources/A/F.swift": "\nfinal class A: @unchecked Sendable {}"}),
    (UNFINISHED, {"Sources/A/F.swift": f"// {UNFINISHED}: more"}),
    (f"{MACHINE} is a folder", {"Tests/A/F.swift": f'let x = "{MACHINE}/x"'}),
    ("/tmp is a folder", {"Sources/A/F.swift": 'let x = "/tmp/x"'}),
    ("GoneTests.swift is not there", {"docs/a.md": "see `Tests/A/GoneTests.swift`"}),
    ("b.md is not there", {"docs/a.md": "see [b](b.md#part)"}),
    ("B has a catalogue", {".spi.yml": "documentation_targets: [A]", "Sources/A/A.docc/A.md": "", "Sources/B/B.docc/B.md": ""}),
    ("B has no catalogue", {".spi.yml": "documentation_targets: [A, B]", "Sources/A/A.docc/A.md": ""}),
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
    (
        "A+G.swift -(A)-> A.swift -(g(of:))-> A+G.swift",
        {
            "Sources/T/A.swift": "struct A { func f() { g(of: 1) } }",
            "Sources/T/A+G.swift": "extension A { func g(of x: Int) {} }",
        },
    ),
    (
        "A+F.swift -(g())-> A+G.swift -(f())-> A+F.swift",
        {
            "Sources/T/A.swift": "actor A {}",
            "Sources/T/A+F.swift": "extension A { func f() { if true { self.g() } } }",
            "Sources/T/A+G.swift": "extension A { func g() { f() } }",
        },
    ),
    (
        "A+Last.swift -(B)-> B.swift -(last)-> A+Last.swift",
        {
            "Sources/T/A.swift": "struct A { var count = 0 }",
            "Sources/T/B.swift": "struct B { let list: [String: [A]]\n func f() -> Int { let a = list[key]?.first\n return a?.last ?? 0 } }",
            "Sources/T/A+Last.swift": "extension A { var last: Int { B(self).size } }",
        },
    ),
    (
        "A.swift -(init(text:))-> B+Text.swift -(A)-> A.swift",
        {
            "Sources/T/A.swift": "struct A { func f() throws { try g(B(text: name)) } }",
            "Sources/T/B.swift": "struct B { init(_ x: Int) {} }",
            "Sources/T/B+Text.swift": "extension B { init(text: String) { self.init(A().count) } }",
        },
    ),
    (
        "A.swift -(wholeWords)-> B.swift -(A)-> A.swift",
        {
            "Sources/T/A.swift": "struct A { func f() { use { $0.wholeWords } } }",
            "Sources/T/B.swift": "struct B { let a: A\n var wholeWords: Int { 1 } }",
        },
    ),
    ("enum C in a file named after A", {"Sources/T/A+B.swift": "extension A {}\nenum C {}"}),
    ("extends C in a file named after A", {"Sources/T/A+B.swift": "extension A {}\nextension C { var x: Int { 1 } }"}),
    ("Sources/T has 26 Swift files", {f"Sources/T/F{number}.swift": "" for number in range(26)}),
]

# The same for the house as a whole.
_LONG, _SHORT = "let x = 1\n" * 80, "let x = 1\n" * 39
BAD_SHAPES: list[tuple[str, dict[str, str]]] = [
    ("Sources/T has 3 of 10 files under 40 lines", {f"Sources/T/F{n}.swift": _SHORT if n < 3 else _LONG for n in range(10)}),
    ("the median of the files is 74 lines", {f"Sources/T/F{n}.swift": "let x = 1\n" * 74 for n in range(3)}),
]
GOOD_SHAPES: list[tuple[str, dict[str, str]]] = [
    ("two of ten", {f"Sources/T/F{n}.swift": _SHORT if n < 2 else _LONG for n in range(10)}),
    ("one of two", {"Sources/T/A.swift": _SHORT, "Sources/T/B.swift": _LONG * 3}),
    ("short tests", {f"Tests/T/F{n}.swift": _SHORT for n in range(10)}),
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
    ("the C library in Platform", {"Sources/Platform/F.swift": "internal import Glibc"}),
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
        {"Sources/T/A.swift": "struct A { func g() {} }", "Sources/T/A+G.swift": "extension A { func f() { g() } }"},
    ),
    (
        "a local, a parameter and a label of a member's name",
        {
            "Sources/T/A.swift": "struct A { func f(g: Int) { let h = g\n use(h, k: 1)\n use { k in k } } }",
            "Sources/T/A+G.swift": "extension A { var g: Int { 1 }\n var h: Int { 2 }\n var k: Int { 3 } }",
        },
    ),
    (
        "another call of the same name",
        {
            "Sources/T/A.swift": "struct A { func f(b: Other) { b.g(of: 1)\n g(to: 2) }\n func g(to x: Int) {} }",
            "Sources/T/A+G.swift": "extension A { func g(of x: Int) {} }",
        },
    ),
    (
        "an unknown receiver and a word that anybody may have used",
        {
            "Sources/T/A.swift": "struct A { func f() { use { $0.count } } }",
            "Sources/T/B.swift": "struct B { let a: A\n var count: Int { 1 } }",
        },
    ),
    (
        "an unknown receiver and a name of two files",
        {
            "Sources/T/A.swift": "struct A { func f() { use { $0.wholeWords } } }",
            "Sources/T/B.swift": "struct B { let a: A\n var wholeWords: Int { 1 } }",
            "Sources/U/C.swift": "struct C { var wholeWords: Int { 1 } }",
        },
    ),
    (
        "a private type's member that the other file cannot mean",
        {
            "Sources/T/A.swift": "struct A { func f() { use { $0.wholeWords } } }",
            "Sources/T/B.swift": "struct B { let a: A }\nprivate struct C { var wholeWords: Int { 1 } }",
        },
    ),
    (
        "a requirement of a protocol",
        {
            "Sources/T/P.swift": "protocol P { func makeReady() }",
            "Sources/T/A.swift": "struct A { let p: any P\n func f() { p.makeReady() } }",
            "Sources/T/B.swift": "struct B: P { let a: A\n func makeReady() {} }",
        },
    ),
    (
        "private helpers beside a topic",
        {"Sources/T/A+B.swift": "extension A.C {}\nprivate enum D {}\nprivate extension E { var x: Int { 1 } }\nextension F { private var y: Int { 2 } }"},
    ),
    ("25 files in a folder", {f"Sources/T/{folder}/F{number}.swift": "" for folder in "AB" for number in range(25)}),
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


def run(breaches, shape_breaches) -> int:
    """Feeds every sample to `breaches`, the shapes to `shape_breaches`, and prints what goes wrong; the exit code."""

    def shape(files: dict[str, str]) -> list[tuple[str, int, str]]:
        return shape_breaches([SwiftSource(path, content) for path, content in files.items()])

    failed = 0
    for judge, bad, good in ((breaches, BAD, GOOD), (shape, BAD_SHAPES, GOOD_SHAPES)):
        for expected, files in bad:
            messages = [message for _, _, message in judge(files)]
            if len(messages) != 1 or expected not in messages[0]:
                failed += 1
                print(f"self-test: expected one breach with {expected!r}, got {messages}")
        for name, files in good:
            messages = [message for _, _, message in judge(files)]
            if messages:
                failed += 1
                print(f"self-test: expected none for {name!r}, got {messages}")
    count = sum(len(samples) for samples in (BAD, GOOD, BAD_SHAPES, GOOD_SHAPES))
    print(f"house-check --self-test: {count} samples, {failed} failed")
    return 1 if failed else 0
