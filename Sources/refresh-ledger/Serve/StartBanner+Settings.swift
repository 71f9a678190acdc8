import TokenHTTP

extension StartBanner {
  /// Of a server with these settings that listens on `port`.
  init(_ settings: ServerSettings, dataPath: String, port: Int, _ first: FirstStart) {
    self.init(
      url: settings.url(port: port), reachableURL: settings.reachableURL(port: port),
      certificatePath: settings.certificate?.certificate, dataPath: dataPath,
      command: StartBanner.quoted(CommandLine.arguments.first ?? "refresh-ledger"), expiredToken: first.expiredToken)
  }
}
