import Testing

@testable import refresh_ledger

@Suite("A secret on the standard input") struct InputLineTests {
  private func line(_ text: String) -> String? { try? InputLine.secret(Array(text.utf8), "password") }

  @Test("is the line without its end, whichever system wrote that", arguments: ["", "\n", "\r\n", "\r"])
  func ends(end: String) {
    #expect(line("a b\(end)") == "a b")
    #expect(line(" a \(end)") == " a ")
  }

  @Test("has no mark of UTF-8 before it, which PowerShell puts there")
  func mark() {
    #expect(line("\u{FEFF}secret\r\n") == "secret")
    #expect(line("\u{FEFF}\n") == nil)
  }

  @Test(
    "is refused in one line if it holds a zero byte, another mark, or more lines",
    arguments: ["a\0b", "\0", "a\n\0", "\u{FEFF}\u{FEFF}a", "a\u{FEFF}", "a\nb", "a\rb", "a\r\nb\r\n", "\n", "a\n\n"])
  func refused(text: String) throws {
    #expect(line(text) == nil)
    let folder = try TestFolder()
    let result = try CommandResult.of("users", "add", "ann", "--password-stdin", "--data", folder.path, input: text)
    #expect(result.code == 64 && result.isOneLineError, "\(result)")
  }

  @Test("is refused as UTF-16, with what to do")
  func utf16() throws {
    for bytes in [[0xFF, 0xFE, 0x61, 0x00], [0xFE, 0xFF, 0x00, 0x61], [0x61, 0x00, 0x0A, 0x00]] as [[UInt8]] {
      let failure = #expect(throws: CommandError.self) { try InputLine.secret(bytes, "password") }
      #expect(failure?.description.contains("UTF-8") == true)
    }
  }
}
