import Foundation
import Testing

@testable import RotationModel

@Suite("A revocation on the wire")
struct RevocationTextTests {
  private static let session = SessionID(high: 0x0123_4567_89AB_CDEF, low: 7)
  private static let until = Timestamp(milliseconds: 1_798_623_188_123)

  private static func row(_ kind: Revocation.Kind, number: Int64 = 0, time: Int64 = 0) -> Revocation {
    Revocation(number: number, time: Timestamp(milliseconds: time), until: until, kind: kind)
  }

  static let all: [Revocation] = [
    row(.session(session)), row(.token(TokenID(session: session, generation: 3))),
    row(.scope(.subject("Ann \u{1F600}")), number: 4, time: 5), row(.scope(.client("web")), number: 4, time: 5),
    row(.scope(.subjectAtClient(subject: "ann", client: "web")), number: 4, time: 5),
    row(.scope(.all), number: .max, time: 5), row(.exemption(session), number: 9),
  ]

  @Test("is read as what was written", arguments: all)
  func roundTrip(revocation: Revocation) throws {
    let text = try JSONEncoder().encode(revocation)
    #expect(try JSONDecoder().decode(Revocation.self, from: text) == revocation)
  }

  @Test(
    "is refused without what it must tell",
    arguments: [
      "{}", #"{"until":1}"#, #"{"session":"AQIDBAUGBwgJCgsM"}"#, #"{"session":"x","until":1}"#,
      #"{"subject":"ann","until":1,"number":1}"#, #"{"subject":"ann","until":1,"before":1}"#,
      #"{"all":false,"until":1,"before":1,"number":1}"#, #"{"exempt":"AQIDBAUGBwgJCgsM","until":1}"#,
    ])
  func refused(text: String) {
    #expect(throws: (any Error).self) { try JSONDecoder().decode(Revocation.self, from: Data(text.utf8)) }
  }
}
