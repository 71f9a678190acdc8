import Foundation
import SystemPackage
import Testing
import TokenEngine

/// The README's embedding sample, with the folder and the prints as arguments.
private func embeddingSample(folder: FilePath, print: (String) -> Void) async throws {
  let engine = try await RotationEngine.open(folder: folder)
  let web = Client(id: "web", isPublic: true)
  let pair = try await engine.openUncheckedSession(subject: "ann", client: web, scopes: [])
  if case .granted(let next) = try await engine.refresh(pair.refreshToken, client: web) {
    print(try engine.verify(next.accessToken).subject)  // ann
  }
  if case .refused(let refusal) = try await engine.refresh(pair.refreshToken, client: web) {
    print(refusal.reason)  // reused
  }
  try await engine.close()
}

@Suite("The README's embedding sample")
struct EmbeddingSampleTests {
  @Test("rotates on a durable engine and prints what its comments say")
  func works() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sample-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    var printed: [String] = []
    try await embeddingSample(folder: FilePath(folder.path)) { printed.append($0) }
    #expect(printed == ["ann", "reused"])
  }

  @Test("stands in the README line by line as it is compiled here")
  func standsInTheREADME() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    let here = try String(contentsOfFile: #filePath, encoding: .utf8)
    let sample = try #require(readme.components(separatedBy: "```swift\n").dropFirst().first)
      .components(separatedBy: "```")[0].split(separator: "\n")
    #expect(sample.count <= 13)
    for line in sample where !line.contains("RotationEngine.open") {
      #expect(here.contains(line.trimmingCharacters(in: .whitespaces)), "\(line)")
    }
  }
}
