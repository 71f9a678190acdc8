import ArgumentParser
import TokenEngine
import TokenLedger

/// A session as the command line names it.
enum SessionArgument {
  static let help = ArgumentHelp("The session: the claim sid of its tokens.", valueName: "sid")

  static func parse(_ text: String) throws -> SessionID {
    guard let id = SessionID(text: text) else {
      // What is longer may be a token that was pasted here.
      let shown = text.utf8.count <= 22 && !text.contains(where: \.isNewline) ? "'\(text)'" : "what was given"
      throw ValidationError("\(shown) is not a session id: ids have 16 characters, as the claim sid shows them")
    }
    return id
  }
}
