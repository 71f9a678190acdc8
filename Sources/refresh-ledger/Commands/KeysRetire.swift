import ArgumentParser
import SystemPackage
import TokenEngine
import TokenLedger
import TokenSigning

struct KeysRetire: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retire",
    abstract: "Removes a retiring key.",
    discussion: "Refused while tokens that it signed may live; with --force they are refused from then on.")

  @Argument(help: "The key's id, as keys list shows it.")
  var kid: String

  @OptionGroup var data: DataFolderOption

  @Flag(help: "A key of refresh tokens.")
  var refresh = false

  @Option(
    name: .customLong("tokens-live"),
    help: "How long its tokens live, as 15m; without this, 30d for access tokens and 36600d for refresh tokens.")
  var tokensLive: String?

  @Flag(help: "Remove it although tokens that it signed may live.")
  var force = false

  func validate() throws {
    if let tokensLive, DurationText.parse(tokensLive) == nil {
      throw ValidationError("'\(tokensLive)' is not a duration; write a whole number and ms, s, m, h or d")
    }
  }

  func run() throws {
    let longest = refresh ? Lifetimes.millisecondsMax : Lifetimes.accessMillisecondsMax
    let folder = try data.keyFolder()
    do throws(KeyChangeFailure) {
      try KeyFiles(folder: folder).retire(
        kid, of: refresh ? .refresh : .access,
        tokenMilliseconds: tokensLive.flatMap(DurationText.parse)?.wholeMilliseconds ?? longest,
        nowMilliseconds: SessionClock.system.now().milliseconds, force: force)
    } catch {
      throw CommandFailure(error)
    }
    try Terminal.writeLine("retired key \(kid)")
  }
}
