import ArgumentParser
import TokenEngine
import TokenLedger

struct LogTail: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail",
    abstract: "Prints the last records of the log, and with -f those that are written from then on.",
    discussion: """
      Reads while the server runs, without its lock, from one segment to the next and across checkpoints. Control-C \
      ends the command. A record is shown as soon as it is in the file, a moment before it is known to be durable.
      """)

  @OptionGroup var data: DataFolderOption

  @Flag(name: [.customShort("f"), .long], help: "Follow the log: print records as they are written.")
  var follow = false

  @Option(
    name: [.customShort("n"), .long], help: ArgumentHelp("How many of the last records, 0 to 1000000.", valueName: "n"))
  var lines = 10

  @Option(parsing: .unconditional, help: "Only records of this session: the claim sid of its tokens.")
  var session: String?

  @Option(help: "Only records of the sessions of this subject.", transform: NameForm.typed)
  var subject: String?

  @Flag(help: "Print one JSON object per line.")
  var json = false

  /// The pause between two readings of a file.
  private static let pause = Duration.milliseconds(100)

  func validate() throws {
    guard session == nil || subject == nil else {
      throw ValidationError("name either a session with --session or a subject with --subject")
    }
    if let session { _ = try SessionArgument.parse(session) }
    guard (0...1_000_000).contains(lines) else { throw ValidationError("--lines must be from 0 to 1000000") }
  }

  /// The records to print among all that are read.
  private final class Selection {
    private var life: SessionLife?
    private(set) var records: [LedgerRecord] = []

    init(_ life: SessionLife?) {
      self.life = life
    }

    /// Takes note of the record, and keeps it if it is wanted and `isShown` is true.
    func take(_ record: LedgerRecord, isShown: Bool = true, most: Int? = nil) {
      if life != nil {
        life?.take(record)
        guard life?.takeEntries().isEmpty == false else { return }
      }
      guard isShown else { return }
      records.append(record)
      // The records are not removed one by one, since that would move all the others each time.
      if let most, records.count >= 2 * max(most, 512) { records.removeFirst(records.count - most) }
    }

    func takeRecords() -> [LedgerRecord] {
      defer { records = [] }
      return records
    }
  }

  func run() async throws {
    let life =
      session.flatMap { SessionID(text: $0) }.map(SessionLife.init(of:)) ?? subject.map(SessionLife.init(ofSubject:))
    let selection = Selection(life)
    let most = lines
    var feed = LogFeed(folder: data.logFolder)
    try feed.begin({ selection.take($0, most: most) }, entry: { selection.take($0, isShown: false) })
    if !json { try Terminal.write(LogRecordLine.header) }
    try show(selection.takeRecords().suffix(lines))
    while follow {
      try await Task.sleep(for: LogTail.pause)
      let step = try feed.advance { selection.take($0) }
      if let missed = step.missed {
        Terminal.note(
          "records \(missed.lowerBound) to \(missed.upperBound) were in a checkpoint before they could be read")
      }
      try show(selection.takeRecords()[...])
    }
  }

  private func show(_ records: ArraySlice<LedgerRecord>) throws(CommandError) {
    guard !records.isEmpty else { return }
    var text = ""
    for record in records {
      text += (json ? try JSONText.line(LogRecordLine(record)) : try LogRecordLine.row(record)) + "\n"
    }
    try Terminal.write(text)
  }
}
