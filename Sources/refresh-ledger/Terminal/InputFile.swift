import SystemPackage

/// A file that the command line names.
enum InputFile {
  /// All bytes of the file. `what` names it in messages.
  static func read(_ path: String, _ what: String, bytesMax: Int) throws(CommandFailure) -> [UInt8] {
    do {
      let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
      return try file.closeAfter {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count <= bytesMax {
          let count = try piece.withUnsafeMutableBytes { try file.read(into: $0) }
          if count == 0 { return bytes }
          bytes += piece.prefix(count)
        }
        throw CommandFailure(
          .configuration, "\(path): the \(what) is larger than \(bytesMax >> 10) KiB; name another file")
      }
    } catch let failure as CommandFailure {
      throw failure
    } catch Errno.isDirectory {
      throw CommandFailure(.noInput, "\(path): is a folder, not a \(what); name a file")
    } catch Errno.noSuchFileOrDirectory {
      throw CommandFailure(.noInput, "\(path): there is no such \(what); name a file that exists")
    } catch {
      throw CommandFailure(.inputOutput, "\(path): cannot read the \(what): \(error); name a file that you can read")
    }
  }
}
