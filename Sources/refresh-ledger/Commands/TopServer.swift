import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import TokenObservability

/// A running server, by its metrics.
struct TopServer: TopSource {
  let url: String
  private let http: HTTPClient
  private var last: MetricsScrape?

  init(url: String, certificates: String?) throws(CommandFailure) {
    self.url = url
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    if let certificates {
      // Read here, so that a wrong one is told of the file and not of the server.
      _ = try InputFile.read(certificates, "file of certificates", bytesMax: 1 << 20)
      var trust = TLSConfiguration.makeClientConfiguration()
      trust.trustRoots = .file(certificates)
      configuration.tlsConfiguration = trust
    }
    http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
  }

  func close() async { try? await http.shutdown() }

  var title: String { url }
  var rowHeader: String { TopServerReading.rowHeader }

  mutating func begin() async throws(CommandFailure) {
    last = try await scrape()
  }

  mutating func read() async throws(CommandFailure) -> TopServerReading {
    let now = try await scrape()
    let before = last ?? now
    last = now
    return TopServerReading(now, since: before)
  }

  private func scrape() async throws(CommandFailure) -> MetricsScrape {
    let (status, text): (UInt, String)
    do {
      let response = try await http.execute(HTTPClientRequest(url: "\(url)/metrics"), timeout: .seconds(5))
      status = response.status.code
      text = String(buffer: try await response.body.collect(upTo: 8 << 20))
    } catch {
      throw CommandFailure.noReply(error, from: url)
    }
    let scrape = MetricsScrape(text)
    guard status == 200, scrape[.ready] != nil else {
      let what = status == 200 ? "its metrics are not those of refresh-ledger" : "/metrics answers \(status)"
      throw CommandFailure(
        .bad, "\(url): \(what); check the address, its path prefix, and whether a proxy refuses /metrics")
    }
    return scrape
  }
}
