import Foundation
import SystemPackage
import TokenLedger

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
guard arguments.count == 3, arguments.count == CommandLine.arguments.count - 1, arguments[0] >= 10_000, arguments[1] > 0
else {
  FileHandle.standardError.write(Data("usage: growth SESSIONS SESSIONS-PER-SUBJECT EVENTS\n".utf8))
  exit(64)
}
let place = FileManager.default.temporaryDirectory.appending(path: "growth-\(getpid())")
defer { try? FileManager.default.removeItem(at: place) }
do {
  var run = GrowthRun(
    count: arguments[0], sessionsPerSubject: arguments[1], events: arguments[2], folder: FilePath(place.path))
  let figures = try await run.run()
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys]
  print(String(decoding: try encoder.encode(figures), as: UTF8.self))
} catch {
  try? FileManager.default.removeItem(at: place)
  FileHandle.standardError.write(Data("growth: \(error)\n".utf8))
  exit(1)
}
