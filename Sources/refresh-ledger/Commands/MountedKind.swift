/// What kind of file system is mounted: the system's list of mounts, by the number of a device.
enum MountedKind {
  /// `ext4`, `tmpfs`, ...; nil where the list has no such device. `mounts` is `/proc/self/mountinfo` (proc(5)).
  static func find(device: UInt64, in mounts: String) -> String? {
    let major = (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF
    let minor = device & 0xFF | (device >> 12) & ~0xFF
    for line in mounts.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      guard words.count > 3, words[2] == "\(major):\(minor)", let dash = words.firstIndex(of: "-"),
        dash + 1 < words.count
      else { continue }
      return String(words[dash + 1])
    }
    return nil
  }
}
