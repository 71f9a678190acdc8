import Foundation
import Glibc
import SystemPackage
import Testing
import WriteAheadLog

/// What no crash of a program shows: whether the system is asked at all.
///
/// Each test uses a file or folder of which the system says so.
@Suite("The system is asked")
struct SystemCallTests {
  private func withFolder(_ body: (FilePath) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "wal-system-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(FilePath(folder.path))
  }

  @Test("to sync a file: a pipe cannot be")
  func fileSync() async throws {
    try await withFolder { folder in
      try #require(mkfifo(folder.appending("pipe").string, 0o600) == 0)
      let pipe = try FolderStorage(path: folder).open("pipe", for: .writing)
      let path = folder.appending("pipe").string
      #expect(throws: LogError.io(operation: "sync", path: path, errno: Errno.invalidArgument.rawValue)) {
        try pipe.sync()
      }
    }
  }

  @Test("to sync a folder: one of the process file system cannot be")
  func folderSync() {
    let processes = "/proc"
    #expect(throws: LogError.io(operation: "sync", path: processes, errno: Errno.invalidArgument.rawValue)) {
      try FolderStorage(path: FilePath(processes)).syncDirectory()
    }
  }

  @Test("to sync the folder that a new log's folder is made in, and only then")
  func parentSync() async throws {
    try await withFolder { parent in
      let storage = FolderStorage(path: parent.appending("log"))
      for expected in [true, false] {
        let watch = try OpeningWatch(of: parent)
        _ = try storage.lock()
        #expect(try watch.hasSeenOne() == expected)
      }
    }
  }

  @Test("to close the log's files in a child process")
  func closeOnExec() async throws {
    try await withFolder { folder in
      let storage = FolderStorage(path: folder)
      let lock = try storage.lock()
      let file = try storage.open("segment", for: .creating)
      var seen = 0
      for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
        guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)"),
          target.hasPrefix(folder.string), let descriptor = CInt(name)
        else { continue }
        seen += 1
        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0, "\(target)")
      }
      #expect(seen == 2)
      withExtendedLifetime((lock, file)) {}
    }
  }
}

/// Counts who opens a folder, which a sync of it must.
private final class OpeningWatch {
  private let queue: CInt

  init(of folder: FilePath) throws {
    queue = inotify_init1(CInt(IN_NONBLOCK | IN_CLOEXEC))
    guard queue >= 0, inotify_add_watch(queue, folder.string, UInt32(IN_OPEN)) >= 0 else {
      throw Errno(rawValue: errno)
    }
  }

  deinit { close(queue) }

  /// Of the folder itself: the events of files in it carry their names.
  func hasSeenOne() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = read(queue, &buffer, buffer.count)
    if count < 0, errno == EAGAIN { return false }
    guard count > 0 else { throw Errno(rawValue: errno) }
    var offset = 0
    while offset + 16 <= count {
      let nameBytes = buffer[(offset + 12)..<(offset + 16)].reversed().reduce(0) { $0 << 8 | Int($1) }
      if nameBytes == 0 { return true }
      offset += 16 + nameBytes
    }
    return false
  }
}
