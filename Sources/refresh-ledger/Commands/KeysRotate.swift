import ArgumentParser
import SystemPackage
import TokenLedger
import TokenSigning

struct KeysRotate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate",
    abstract: "Lets the next key sign, keeps the current one for the tokens it signed, and makes a new next key.",
    discussion: """
      A running server sees the change within a second. Where there is no next key yet, as with the first keys, a new one signs \
      at once.
      """)

  @OptionGroup var data: DataFolderOption

  @Option(
    name: .customLong("alg"),
    help: "What the new key is for: HS256, ES256, EdDSA, RS256 or PS256; without this, what the current one is for.")
  var algorithm: String?

  @Flag(help: "Rotate the key of refresh tokens instead, which is HS256 always.")
  var refresh = false

  func validate() throws {
    guard !refresh || algorithm == nil else {
      throw ValidationError("--alg is for access tokens; refresh tokens are HS256 always")
    }
    if let algorithm, SignatureAlgorithm(rawValue: algorithm) == nil {
      let names = SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("'\(algorithm)' is not a known algorithm; write one of \(names)")
    }
  }

  func run() throws {
    let now = SessionClock.system.now().milliseconds
    let folder = try data.keyFolder()
    let current: SignatureAlgorithm?
    do { current = try TokenKeys.open(folder: folder).access.first { $0.state == .current }?.algorithm } catch {
      throw CommandFailure(error)
    }
    let files = KeyFiles(folder: folder)
    let rotated: KeyFiles.Rotated
    do throws(KeyChangeFailure) {
      rotated =
        refresh
        ? try files.rotateRefresh(nowMilliseconds: now)
        : try files.rotateAccess(
          algorithm: algorithm.flatMap(SignatureAlgorithm.init(rawValue:)) ?? current ?? .hs256, nowMilliseconds: now)
    } catch {
      throw CommandFailure(error)
    }
    try Terminal.writeLine("current \(rotated.current), next \(rotated.next), retiring \(rotated.retiring)")
  }
}
