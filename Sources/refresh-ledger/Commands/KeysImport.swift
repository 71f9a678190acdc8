import ArgumentParser
import SystemPackage
import TokenSigning

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
    do throws(KeyChangeFailure) {
      id = try KeyFiles(folder: folder).importNextAccess(
        pem: pem, algorithm: algorithm.flatMap(SignatureAlgorithm.init(rawValue:)))
    } catch {
      throw CommandFailure(error)
    }
    try Terminal.writeLine("next \(id)")
  }
}
