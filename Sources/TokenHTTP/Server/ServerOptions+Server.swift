internal import HummingbirdCore
internal import HummingbirdHTTP2
internal import HummingbirdTLS
internal import NIOCore
internal import NIOSSL

extension ServerOptions {
  /// Returns the server that these options ask for: HTTP/1.1 in plaintext or, with a certificate, TLS with HTTP/2 too.
  ///
  /// Connections that clients end are noted in `hangUps`. The requests that `direct` takes are answered before they
  /// reach the server.
  func server(notingIn hangUps: HangUps, answering direct: DirectRequests? = nil) -> HTTPServerBuilder {
    let counts = addressCounts
    // A count of its own: connections must not take the place of their streams.
    let http1 = requests(StreamCounts(max: connectionsMax, addresses: addressCounts), answering: direct)
    let (certificate, offersHTTP2, timeout) = (certificate, offersHTTP2, headerTimeout)
    let idle = idleTimeout
    return HTTPServerBuilder { responder in
      func guarded(_ base: some ServerChildChannel) -> any ServerChildChannel {
        GuardedChannel(
          base: base, counts: counts, headerTimeout: timeout, idleTimeout: idle,
          awaitsStreams: certificate != nil && offersHTTP2, hangUps: hangUps)
      }
      guard let certificate else { return guarded(HTTP1Channel(responder: responder, configuration: http1)) }
      guard offersHTTP2 else {
        let base = HTTP1Channel(responder: responder, configuration: http1)
        return guarded(try TLSChannel(base, tlsConfiguration: certificate.configuration))
      }
      return guarded(
        try HTTP2UpgradeChannel(
          tlsConfiguration: certificate.configuration,
          configuration: HTTP2ChannelConfiguration(
            idleTimeout: idle, gracefulCloseTimeout: timeout, streamConfiguration: http1),
          responder: responder))
    }
  }

  private var addressCounts: AddressCounts? {
    connectionsPerAddressMax > 0 ? AddressCounts(max: connectionsPerAddressMax) : nil
  }

  /// The configuration with which requests are read, on a connection of HTTP/1 or a stream of HTTP/2.
  private func requests(
    _ streams: StreamCounts, answering direct: DirectRequests?
  ) -> HTTP1Channel.Configuration {
    let (header, body) = (headerTimeout, bodyTimeout)
    let (headerBytes, bodyBytes) = (headerBytesMax, bodyBytesMax)
    return HTTP1Channel.Configuration(
      additionalChannelHandlers: [
        StreamAdmission(counts: streams),
        FramingInstallation(headerBytesMax: headerBytes, bodyBytesMax: bodyBytes),
        DeadlineEnforcement(headerTimeout: header, bodyTimeout: body),
      ] + (direct.map { [DirectInstallation($0)] } ?? []),
      idleTimeout: TimeAmount(idleTimeout),
      httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: headerBytesMax, maxHeaderListSize: headerBytesMax, maxHeaderFieldCount: 100))
  }
}
