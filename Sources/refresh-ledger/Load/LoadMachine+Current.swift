import Glibc
import RefreshRotationLoad
import SystemPackage

extension LoadMachine {
  /// This machine, and what this process has used of it so far.
  static var current: LoadMachine {
    let memory = field("MemTotal", of: "/proc/meminfo").split(separator: " ").first.flatMap { Int64($0) } ?? 0
    let system = field("PRETTY_NAME", of: "/etc/os-release", separator: "=").filter { $0 != "\"" }
    var name = utsname()
    uname(&name)
    let release = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return LoadMachine(
      system: [system, "Linux \(release)"].filter { !$0.isEmpty }.joined(separator: ", "),
      processor: field("model name", of: "/proc/cpuinfo"), cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)),
      memoryBytes: memory * 1024, generatorSeconds: usedSeconds)
  }

  private static var usedSeconds: Double {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    let seconds = Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
    return seconds + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1_000_000
  }

  /// The value of the first line of that name; empty if there is none.
  private static func field(_ name: String, of path: String, separator: Character = ":") -> String {
    guard let bytes = try? InputFile.read(path, "file", bytesMax: 1 << 20) else { return "" }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix(name) {
      let value = line.split(separator: separator, maxSplits: 1).dropFirst().first ?? ""
      return String(value.drop(while: \.isWhitespace))
    }
    return ""
  }
}
