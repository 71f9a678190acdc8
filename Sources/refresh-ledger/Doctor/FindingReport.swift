import ArgumentParser
import SystemPackage

/// The report of a command's findings on the standard output, as they come, with their numbers at the end.
struct FindingReport {
  let isJSON: Bool
  private let inColor = Terminal.usesColor(.standardOutput)
  private var counts: [DoctorFinding.Verdict: Int] = [:]

  init(isJSON: Bool) {
    self.isJSON = isJSON
  }

  mutating func tell(_ findings: [DoctorFinding]) throws(CommandError) {
    for finding in findings {
      counts[finding.verdict, default: 0] += 1
      if isJSON {
        try Terminal.writeLine(JSONText.line(finding))
      } else {
        try Terminal.write(finding.text(inColor: inColor))
      }
    }
  }

  /// Writes the numbers, and ends the command with 1 if there is a problem.
  func end() throws {
    let problems = counts[.problem] ?? 0
    if !isJSON {
      let warnings = counts[.warning] ?? 0
      try Terminal.writeLine("\(Self.counted(problems, "problem")), \(Self.counted(warnings, "warning"))")
    }
    if problems > 0 { throw ExitCode(ExitStatus.bad.rawValue) }
  }

  private static func counted(_ count: Int, _ word: String) -> String {
    count == 0 ? "no \(word)" : count == 1 ? "1 \(word)" : "\(count) \(word)s"
  }
}
