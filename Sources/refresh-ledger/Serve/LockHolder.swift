/// Who has a log open, found without asking for its lock: a server that starts meanwhile would be refused for that.
enum LockHolder {
  /// The process that holds the lock of the log in `folder`; nil where none does that this system shows us.
  static func find(folder: String) -> Int32? {
    guard let status = FileStatus("\(folder)/lock"),
      let bytes = try? InputFile.read("/proc/locks", "list of locks", bytesMax: 4 << 20)
    else { return nil }
    return holder(of: status.number, in: String(decoding: bytes, as: UTF8.self))
  }

  /// Of the file with this number. Its device is not compared: some file systems show another one here.
  static func holder(of number: UInt64, in locks: String) -> Int32? {
    for line in locks.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      guard words.count >= 6, words[1] == "FLOCK", words[3] == "WRITE", let holder = Int32(words[4]),
        words[5].split(separator: ":").last.flatMap({ UInt64($0) }) == number
      else { continue }
      return holder
    }
    return nil
  }
}
