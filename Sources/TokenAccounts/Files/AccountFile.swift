internal import Dispatch
internal import Platform
internal import Synchronization
internal import SystemPackage

/// The clock for checks of account files: the time since the machine was started, which does not depend on the wall
/// clock.
enum AccountClock {
  @Sendable static func now() -> Duration { .milliseconds(ClockReading.bootMilliseconds()) }
}

/// An account file that is followed while it is open.
///
/// Look-ups see what another program wrote at most 10 ms after the write. If the file becomes unreadable, its former
/// contents stay in force.
///
/// Look-ups cost a `stat` every 10 ms and otherwise a lock. The file is read and parsed on a queue of its own.
final class AccountFile<Entry: AccountEntry>: AccountSource {
  typealias Document = AccountDocument<Entry>
  /// The time since a fixed origin, which never goes back.
  typealias Clock = @Sendable () -> Duration

  private struct State {
    var document = Document()
    /// The stamp of the version that was read last, refused or not; nil if there was no file or it could not be opened.
    var stamp: FileStamp?
    /// The open file, held so that its inode number is not reused; see ``OpenedFile``.
    var opened: OpenedFile?
    /// The reason that the version that was read last is not in force.
    var failure: AccountError?
    /// True if `document` came from a file and not from the absence of one.
    var hasBeenRead = false
    /// True if a look-up or a caller saw that the file must be read.
    var hasChanged = false
    var nextCheck = Duration.zero

    mutating func put(_ document: Document, of opened: OpenedFile) {
      self.document = document
      self.opened = opened
      stamp = opened.stamp
      failure = nil
      hasBeenRead = true
    }

    mutating func refuse(_ opened: OpenedFile?, because failure: AccountError) {
      self.opened = opened
      stamp = opened?.stamp
      self.failure = failure
      hasChanged = false
    }
  }

  let path: String
  private let lockPath: String
  private let clock: Clock
  private let observer: @Sendable (AccountFileEvent) -> Void
  private let state = Mutex(State())
  /// The queue that reads one version at a time.
  private let queue = DispatchQueue(label: "refresh-ledger.accounts")

  private static var checkInterval: Duration { .milliseconds(10) }
  /// The attempts to take the lock: ten seconds' worth, which is longer than a change can take.
  private static var lockTries: Int { 2_000 }

  /// Opens the file.
  ///
  /// A missing file is an empty set; any other fault is thrown. `observer` is called on the file's queue and must not
  /// call back.
  init(
    path: String, clock: @escaping Clock, observer: @escaping @Sendable (AccountFileEvent) -> Void
  ) throws(AccountError) {
    self.path = path
    self.clock = clock
    self.observer = observer
    lockPath = (path.hasSuffix(".json") ? String(path.dropLast(5)) : path) + ".lock"
    if let opened = try OpenedFile(path: path) {
      let document = try Document(json: opened.bytes, path: path)
      state.withLock { state in
        state.put(document, of: opened)
        state.nextCheck = clock() + AccountFile.checkInterval
      }
    }
  }

  /// Returns the document in force.
  ///
  /// If a changed file must be read first, it waits without blocking a thread of Swift's pool.
  func current() async -> Document {
    if let document = documentIfUnchanged() { return document }
    await withCheckedContinuation { continuation in
      queue.async {
        self.readIfChanged()
        continuation.resume()
      }
    }
    return state.withLock { $0.document }
  }

  /// Reads the file again if it changed, without waiting for the next check, and throws if its newest version is not in
  /// force.
  ///
  /// The call blocks.
  func reload() throws(AccountError) -> Document {
    queue.sync {
      state.withLock { $0.hasChanged = true }
      readIfChanged()
    }
    let (document, failure) = state.withLock { ($0.document, $0.failure) }
    if let failure { throw failure }
    return document
  }

  /// Reads the newest version, makes the change and replaces the file durably, while the lock file keeps other writers
  /// away.
  ///
  /// If anything throws, the file is unchanged. The call blocks.
  func make(_ change: AccountChange<Entry>) throws(AccountError) {
    try update { document throws(AccountError) in try document.make(change, path: path) }
  }

  /// Replaces all entries by these, as ``make(_:)`` does.
  func replaceAll(with entries: [Entry]) throws(AccountError) {
    try update { document throws(AccountError) in document = Document(entries) }
  }

  private func update(_ change: (inout Document) throws(AccountError) -> Void) throws(AccountError) {
    let lock = try takeLock()
    var document = try documentOnDisk()
    try change(&document)
    try replace(with: document.json(path: path))
    _ = consume lock
    _ = try? reload()
  }

  /// Takes the lock on the file beside this one, which is never removed.
  private func takeLock() throws(AccountError) -> OpenFile {
    let lock: OpenFile
    do throws(Errno) { lock = try OpenFile.lockFile(lockPath) } catch {
      throw .system("cannot be opened", error, path: lockPath, fix: "make the folder writable for this user")
    }
    guard (try? lock.lock(tries: AccountFile.lockTries)) == true else { throw .locked(path: lockPath) }
    return lock
  }

  private func replace(with bytes: [UInt8]) throws(AccountError) {
    let temporary = path + ".tmp"
    do {
      try FileReplacement.replace(path, with: bytes, temporaryName: FileSystem.name(of: temporary))
    } catch {
      throw AccountError(error, replacing: path, by: temporary)
    }
  }

  private func documentOnDisk() throws(AccountError) -> Document {
    // A replacement would replace the link by a file and leave its target unchanged.
    if FileStatus(path, followsLinks: false)?.isLink == true {
      throw .inaccessible(path: path, what: "is a symbolic link", fix: "change the file that it points to")
    }
    if let opened = try OpenedFile(path: path) { return try Document(json: opened.bytes, path: path) }
    guard state.withLock({ !$0.hasBeenRead }) else { throw missing }
    return Document()
  }

  private var missing: AccountError {
    .inaccessible(path: path, what: "is gone", fix: "restore it from a copy, or restart to begin with an empty one")
  }

  /// Returns the document if no check is due or the file is the one that was read, or nil if the file must be read.
  private func documentIfUnchanged() -> Document? {
    let now = clock()
    return state.withLock { state in
      if now >= state.nextCheck && !state.hasChanged {
        state.nextCheck = now + AccountFile.checkInterval
        state.hasChanged = FileStatus(path)?.stamp != state.stamp
      }
      return state.hasChanged ? nil : state.document
    }
  }

  /// Reads the file if it changed; called on the queue only.
  private func readIfChanged() {
    guard state.withLock({ $0.hasChanged }) else { return }
    let events: [AccountFileEvent]
    do throws(AccountError) {
      if let opened = try OpenedFile(path: path) {
        events = take(opened)
      } else if state.withLock({ $0.hasBeenRead }) {
        events = keepDocument(because: missing)
      } else {
        events = []
        state.withLock { $0.hasChanged = false }
      }
    } catch {
      events = keepDocument(because: error)
    }
    for event in events { observer(event) }
  }

  /// Puts the contents of a file in force, or notes why they are refused.
  ///
  /// Nothing is reported if it is the version that was read last.
  private func take(_ opened: OpenedFile) -> [AccountFileEvent] {
    let isSame = state.withLock { state in
      state.hasChanged = false
      return state.stamp == opened.stamp
    }
    guard !isSame else { return [] }
    do throws(AccountError) {
      let document = try Document(json: opened.bytes, path: path)
      let before = state.withLock { state in
        defer { state.put(document, of: opened) }
        return state.document
      }
      return before.events(replacedBy: document, names: before.entries.map(\.name), path: path)
    } catch {
      state.withLock { $0.refuse(opened, because: error) }
      return [.refused(error)]
    }
  }

  /// Keeps the document in force.
  ///
  /// A file that is gone or cannot be opened is tried again at every check, and reported once.
  private func keepDocument(because failure: AccountError) -> [AccountFileEvent] {
    state.withLock { state in
      defer { state.refuse(nil, because: failure) }
      return state.failure == failure ? [] : [.refused(failure)]
    }
  }
}
