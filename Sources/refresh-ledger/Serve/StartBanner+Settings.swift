import TokenHTTP

extension StartBanner {
  /// Of a server with these settings that listens on `port`.
  init(_ settings: ServerSettings, dataPath: String, port: Int, _ first: FirstStart) {
    let http = settings.http
    let host = http.host.contains(":") ? "[\(http.host)]" : http.host
    self.init(
      url: "\(settings.certificate == nil ? "http" : "https")://\(host):\(port)\(http.pathPrefix)",
      certificatePath: settings.certificate?.certificate, dataPath: dataPath,
      command: StartBanner.quoted(CommandLine.arguments.first ?? "refresh-ledger"), expiredToken: first.expiredToken)
  }
}
