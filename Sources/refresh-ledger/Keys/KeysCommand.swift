import ArgumentParser
import SystemPackage
import TokenEngine
import TokenLedger
import TokenSigning

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "The signing keys.",
    subcommands: [KeysList.self, KeysRotate.self, KeysRetire.self, KeysImport.self])
}

struct KeysList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the signing keys, never their secrets.")

  @OptionGroup var data: DataFolderOption

  @Flag(help: "Print one JSON object a line.")
  var json = false

  private struct Row: Encodable {
    var kid: String
    var alg: String
    var use: String
    var state: String

    init(_ key: SigningKey, use: String) {
      kid = key.id
      alg = key.algorithm.rawValue
      self.use = use
      state = key.state.rawValue
    }
  }

  func run() throws {
    let folder = FilePath(try data.keyFolder())
    for name in ["access.json", "refresh.json"] { try requireFile(folder.appending(name)) }
    let keys: TokenKeys
    do { keys = try TokenKeys.openOrCreate(folder: folder.string) } catch { throw CommandError(error) }
    let rows = keys.access.map { Row($0, use: "access") } + keys.refresh.map { Row($0, use: "refresh") }
    if json {
      for row in rows { try Terminal.writeLine(JSONText.line(row)) }
      return
    }
    var table = TextTable("KID", "ALG", "USE", "STATE")
    for row in rows { table.append(row.kid, row.alg, row.use, row.state) }
    try Terminal.write(table.text)
  }

  /// Refuses a file that is missing: listing must not make keys.
  private func requireFile(_ path: FilePath) throws(CommandError) {
    do {
      let opened = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
      try opened.close()
    } catch Errno.noSuchFileOrDirectory {
      throw CommandError(
        .noInput, "\(path): there is no such key file; name the data folder with --data, or start the server once")
    } catch Errno.notDirectory {
      throw CommandError.notFolder(path.string)
    } catch {
      throw CommandError(.inputOutput, "\(path): cannot open the key file: \(error); run this as the server's user")
    }
  }
}

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
    help: """
      What the new key is for: \(SettingValue.sentence(of: SignatureAlgorithm.self)); without this, what the current one is for.
      """)
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
      throw CommandError(error)
    }
    let files = KeyFiles(folder: folder)
    let rotated: KeyFiles.Rotated
    do throws(KeyChangeError) {
      rotated =
        refresh
        ? try files.rotateRefresh(nowMilliseconds: now)
        : try files.rotateAccess(
          algorithm: algorithm.flatMap(SignatureAlgorithm.init(rawValue:)) ?? current ?? .hs256, nowMilliseconds: now)
    } catch {
      throw CommandError(error)
    }
    try Terminal.writeLine("current \(rotated.current), next \(rotated.next), retiring \(rotated.retiring)")
  }
}

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
    help: """
      How long its tokens live, as 15m; without this, \(Limits.accessLifetime.most) for access tokens and \
      \(Limits.lifetime.most) for refresh tokens.
      """)
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
    do throws(KeyChangeError) {
      try KeyFiles(folder: folder).retire(
        kid, of: refresh ? .refresh : .access,
        tokenMilliseconds: tokensLive.flatMap(DurationText.parse)?.wholeMilliseconds ?? longest,
        nowMilliseconds: SessionClock.system.now().milliseconds, force: force)
    } catch {
      throw CommandError(error)
    }
    try Terminal.writeLine("retired key \(kid)")
  }
}

struct KeysImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Takes a private key for the next key of access tokens.",
    discussion: "From PKCS #8 PEM, as openssl genpkey writes it. Let it sign with keys rotate.")

  @Argument(help: "The PEM file.")
  var file: String

  @OptionGroup var data: DataFolderOption

  @Option(name: .customLong("alg"), help: "What an RSA key is for: RS256 or PS256; without this, RS256.")
  var algorithm: String?

  func validate() throws {
    if let algorithm, SignatureAlgorithm(rawValue: algorithm) == nil {
      throw ValidationError("'\(algorithm)' is not a known algorithm")
    }
  }

  func run() throws {
    let pem = try InputFile.read(file, "private key", bytesMax: 64 << 10)
    let folder = try data.keyFolder()
    let id: String
    do throws(KeyChangeError) {
      id = try KeyFiles(folder: folder).importNextAccess(
        pem: pem, algorithm: algorithm.flatMap(SignatureAlgorithm.init(rawValue:)))
    } catch {
      throw CommandError(error)
    }
    try Terminal.writeLine("next \(id)")
  }
}
