import ArgumentParser
import SystemPackage
import TokenEngine
import TokenLedger
import TokenSigning

struct KeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Lists, rotates, retires and imports the signing keys, in a data folder or a database.",
    subcommands: [KeysList.self, KeysRotate.self, KeysRetire.self, KeysImport.self])
}

struct KeysList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the signing keys, without their secrets.")

  @OptionGroup var place: StoreOptions

  @Flag(help: "Print one JSON object per line.")
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

  func run() async throws {
    let keys = try await place.keys { try TokenKeys.open($0) }
    let rows = keys.access.map { Row($0, use: "access") } + keys.refresh.map { Row($0, use: "refresh") }
    if json {
      for row in rows { try Terminal.writeLine(JSONText.line(row)) }
      return
    }
    var table = TextTable("KID", "ALG", "USE", "STATE")
    for row in rows { table.append(row.kid, row.alg, row.use, row.state) }
    try Terminal.write(table.text)
  }
}

struct KeysRotate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate",
    abstract:
      "Lets the next key sign, keeps the current key to verify the tokens that it signed, and makes a new next key.",
    discussion: """
      A running server sees the change within a second. If a data folder has no next key yet, as with a first key of \
      HS256, a new key signs at once. With keys that instances share, in a database or a key folder, the command is \
      refused until all instances and verifiers have had time to read the next key.
      """)

  @OptionGroup var place: StoreOptions

  @Option(
    name: .customLong("alg"),
    help: """
      The algorithm of the new key: \(SettingValue.sentence(of: SignatureAlgorithm.self)); without this, that of the \
      current key.
      """)
  var algorithm: String?

  @Flag(help: "Rotate the key that signs refresh tokens (always HS256), and not that of access tokens.")
  var refresh = false

  @Flag(help: "With shared keys: rotate even if some instances and verifiers do not know the next key yet.")
  var force = false

  func validate() throws {
    guard !refresh || algorithm == nil else {
      throw ValidationError("--alg is for access tokens; refresh tokens are always HS256")
    }
    if let algorithm, SignatureAlgorithm(rawValue: algorithm) == nil {
      let names = SignatureAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("'\(algorithm)' is not a known algorithm; write one of \(names)")
    }
  }

  func run() async throws {
    let now = SessionClock.system.now().milliseconds
    let rotated = try await place.keys { source in
      let files = KeyFiles(source)
      guard !refresh else { return try files.rotateRefresh(nowMilliseconds: now, force: force) }
      let chosen = try algorithm.flatMap(SignatureAlgorithm.init(rawValue:)) ?? currentAlgorithm(of: source)
      return try files.rotateAccess(algorithm: chosen, nowMilliseconds: now, force: force)
    }
    try Terminal.writeLine("current \(rotated.current), next \(rotated.next), retiring \(rotated.retiring)")
  }

  private func currentAlgorithm(of source: any KeySource) throws(KeyChangeError) -> SignatureAlgorithm {
    do { return try TokenKeys.open(source).access.first { $0.state == .current }?.algorithm ?? .hs256 } catch {
      throw .files(error)
    }
  }
}

struct KeysRetire: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retire",
    abstract: "Removes a retiring key, which verifies tokens and no longer signs any.",
    discussion:
      "Refused while tokens that it signed can still be valid; with --force those tokens are refused from then on.")

  @Argument(help: "The key's id, as keys list shows it.")
  var kid: String

  @OptionGroup var place: StoreOptions

  @Flag(help: "Remove a key of refresh tokens, and not one of access tokens.")
  var refresh = false

  @Option(
    name: .customLong("tokens-live"),
    help: """
      The longest lifetime of the tokens that the key signed, such as 15m; without this, \
      \(Limits.accessLifetime.most) for access tokens and \(Limits.lifetime.most) for refresh tokens.
      """)
  var tokensLive: String?

  @Flag(help: "Remove the key even if tokens that it signed can still be valid.")
  var force = false

  func validate() throws {
    if let tokensLive, DurationText.parse(tokensLive) == nil {
      throw ValidationError("'\(tokensLive)' is not a duration; write a whole number and ms, s, m, h or d")
    }
  }

  func run() async throws {
    let longest = refresh ? Lifetimes.millisecondsMax : Lifetimes.accessMillisecondsMax
    try await place.keys { source in
      try KeyFiles(source).retire(
        kid, of: refresh ? .refresh : .access,
        tokenMilliseconds: tokensLive.flatMap(DurationText.parse)?.wholeMilliseconds ?? longest,
        nowMilliseconds: SessionClock.system.now().milliseconds, force: force)
    }
    try Terminal.writeLine("retired key \(kid)")
  }
}

struct KeysImport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Imports a private key as the next key that signs access tokens.",
    discussion: "The file is PKCS #8 PEM, as openssl genpkey writes it. Run keys rotate to let the key sign.")

  @Argument(help: "The PEM file.")
  var file: String

  @OptionGroup var place: StoreOptions

  @Option(name: .customLong("alg"), help: "The algorithm of an RSA key: RS256 or PS256; without this, RS256.")
  var algorithm: String?

  func validate() throws {
    if let algorithm, SignatureAlgorithm(rawValue: algorithm) == nil {
      throw ValidationError("'\(algorithm)' is not a known algorithm")
    }
  }

  func run() async throws {
    let pem = try InputFile.read(file, "private key", bytesMax: 64 << 10)
    let id = try await place.keys { source in
      try KeyFiles(source).importNextAccess(pem: pem, algorithm: algorithm.flatMap(SignatureAlgorithm.init(rawValue:)))
    }
    try Terminal.writeLine("next \(id)")
  }
}
