import Foundation
import Glibc
import Testing

@Suite struct FullDiskTests {
  /// A small file system of its own; needs the right to mount.
  private final class SmallDisk: Sendable {
    let folder: TestFolder

    init?() throws {
      folder = try TestFolder()
      guard mount("tmpfs", folder.path, "tmpfs", 0, "size=4m,mode=0700") == 0 else { return nil }
    }

    deinit { umount2(folder.path, Int32(MNT_DETACH)) }

    /// Takes all that is left.
    func fill() {
      let file = open("\(folder.path)/filler", O_WRONLY | O_CREAT, 0o600)
      let page = [UInt8](repeating: 1, count: 4096)
      while write(file, page, page.count) > 0 {}
      close(file)
    }

    func free() { unlink("\(folder.path)/filler") }
  }

  @Test("A full disk is answered with 503, and all that was acknowledged is there after a restart")
  func fullDisk() throws {
    guard let disk = try SmallDisk() else {
      print("not run: no small disk can be mounted here (\(String(cString: strerror(errno))))")
      return
    }
    let data = "\(disk.folder.path)/data"
    let environment = ["REFRESH_LEDGER_ROTATION_GRACE": "60s", "REFRESH_LEDGER_ROTATION_REUSE": "refuse"]
    let first = try TestServer(data: data, environment: environment)
    let client = TestClient(try first.secret("CLIENT"))
    let connection = try first.connect()
    var (last, consumed) = (
      try connection.logIn(client, password: first.secret("PASSWORD")).member("refresh_token"), ""
    )
    disk.fill()
    var refusal: TestReply?
    for _ in 0..<100_000 {
      let reply = try connection.refresh(client, last)
      guard reply.status == 200 else {
        refusal = reply
        break
      }
      (consumed, last) = (last, reply.member("refresh_token"))
    }
    let refused = try #require(refusal, "the disk never filled up")
    #expect(refused.status == 503 && refused.headers["retry-after"] != nil, "\(refused)")
    #expect(!refused.body.contains("invalid_grant"))
    #expect(try connection.get("/health/ready").status == 503)
    #expect(try connection.get("/health/live").status == 200)
    _ = try first.stop()
    disk.free()
    let second = try TestServer(data: data, environment: environment)
    let again = try second.connect()
    let next = try again.refresh(client, last)
    #expect(next.status == 200)
    #expect(try again.refresh(client, next.member("refresh_token")).status == 200)
    #expect(try again.refresh(client, consumed).status == 400)
  }
}
