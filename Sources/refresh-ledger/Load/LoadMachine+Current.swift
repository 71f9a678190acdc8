import Platform
import RefreshRotationLoad
import SystemPackage

extension LoadMachine {
  /// This machine, with the processor time that this process has used so far.
  static var current: LoadMachine {
    let memory = field("MemTotal", of: "/proc/meminfo").split(separator: " ").first.flatMap { Int64($0) } ?? 0
    let system = field("PRETTY_NAME", of: "/etc/os-release", separator: "=").filter { $0 != "\"" }
    return LoadMachine(
      system: [system, "Linux \(Machine.kernelRelease)"].filter { !$0.isEmpty }.joined(separator: ", "),
      processor: field("model name", of: "/proc/cpuinfo"), cores: Processors.count,
      memoryBytes: memory * 1024, generatorSeconds: Program.processorSeconds)
  }

  /// Returns the value of the first line with that name, empty if there is none.
  private static func field(_ name: String, of path: String, separator: Character = ":") -> String {
    guard let bytes = try? InputFile.read(path, "file", bytesMax: 1 << 20) else { return "" }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix(name) {
      let value = line.split(separator: separator, maxSplits: 1).dropFirst().first ?? ""
      return String(value.drop(while: \.isWhitespace))
    }
    return ""
  }
}
