import HTTPTypes
import Hummingbird
import Testing
import TokenEngine

@testable import TokenHTTP

@Suite("The table of errors")
struct OAuthErrorTests {
  static let refusals: [GrantRefusal] =
    BadToken.allCases.map { .badToken($0) } + [
      .unknown, .expired(generationsBehind: nil), .revoked(generationsBehind: 1),
      .reused(.race, generationsBehind: 1, revokedSession: true), .neverIssued(generationsAhead: 1), .wrongClient,
      .subjectGone, .subjectDisabled, .badCredentials, .invalidScope, .unauthorizedClient, .clientNamedAsSubject,
    ]

  @Test("has for every refusal of the engine the code that the engine gives it", arguments: refusals)
  func codes(refusal: GrantRefusal) {
    for grant in GrantType.allCases {
      let error = StandardWire.error(of: refusal, grant)
      #expect(error.status == .badRequest && error.code?.rawValue == refusal.errorCode)
    }
  }

  @Test("tells of a refused token only which grant it was for", arguments: GrantType.allCases)
  func tellsNothing(grant: GrantType) {
    let told = Set(Self.refusals.map { StandardWire.error(of: $0, grant) }.filter { $0.code == .invalidGrant })
    #expect(told.count == 1)
  }

  @Test("gives no code where the client has done nothing wrong")
  func noCode() throws {
    #expect(BearerError.missing.error.code == nil)
    for fault in BadToken.allCases where fault != .unverifiable {
      let error = BearerError.rejected(fault).error
      #expect(error.status == .unauthorized && error.code == .invalidToken)
    }
    // It is the server that cannot judge: nothing is wrong with the token.
    #expect(BearerError.rejected(.unverifiable).error == .unavailable)
    #expect(BearerError.insufficientScope([]).error.status == .forbidden)
  }
}

@Suite("Retry-After")
struct RetryAfterTests {
  static let faults: [TokenEndpointError] = [
    .form(.mediaType), .form(.tooLarge), .form(.duplicate), .form(.tooManyParameters), .form(.malformed),
    .missing(.refreshToken), .ambiguousClient, .invalidClient, .unsupportedGrant(named: "x"),
    .refused(.unknown, .refreshToken), .refused(.badCredentials, .password), .throttled(.seconds(3)),
    .notAdmitted(.overloaded),
    .failed(.store(.overloaded)), .failed(.store(.unreadable("x"))),
    .failed(.ledger(.unavailable("x"))), .failed(.ledger(.outcomeUnknown("x"))), .failed(.ledger(.overloaded)),
    .failed(.ledger(.full)), .failed(.keys("x")), .failed(.invalid(field: "x", limit: "x")),
  ]

  @Test("comes with 429 and 503 alone, which every wire says of the same faults", arguments: WireFormat.allCases)
  func statuses(format: WireFormat) throws {
    let engine = try RotationEngine.inMemory()
    for fault in Self.faults {
      let reply = FaultReplies(engine: engine, wire: format.tokenWire).reply(to: fault, logger: nil)
      switch fault {
      case .throttled:
        #expect(reply.status == .tooManyRequests && reply.headers[.retryAfter] == "3")
      case let fault where fault.isUnavailable:
        #expect(reply.status == .serviceUnavailable && reply.headers[.retryAfter] == "1", "\(fault)")
      default:
        #expect(reply.status.code < 503 && reply.status != .tooManyRequests, "\(fault)")
        #expect(reply.headers[.retryAfter] == nil, "\(fault)")
      }
    }
  }

  @Test(
    "of a wait is whole seconds in which it is over, 1 at least",
    arguments: [
      (Duration.zero, "1"), (.milliseconds(1), "1"), (.seconds(1), "1"), (.milliseconds(1001), "2"),
      (.seconds(60), "60"),
    ])
  func seconds(wait: Duration, text: String) {
    #expect(RetryAfter.seconds(for: wait) == text)
  }
}
