import ArgumentParser

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "The signing keys.",
    subcommands: [KeysList.self, KeysRotate.self, KeysRetire.self, KeysImport.self])
}
