internal import LedgerTesting
internal import TokenLedger
internal import WriteAheadLog

/// A bit of the log flips while nobody uses it, at a place that was known to be on the disk: the opening must name it.
///
/// It happens to a copy: afterwards the original bytes are there again.
struct RotAtRest {
  private struct Place {
    let segment: String
    let offset: Int
    let bytes: Int
  }

  let world: SimulatedWorld

  func run() {
    let files = world.storage.files
    let places = witnessed(files)
    guard !places.isEmpty else { return }
    let place = places[Int(world.random.next() % UInt64(places.count))]
    guard var bytes = files[place.segment] else { return }
    let bit = Int(world.random.next() % UInt64(place.bytes * 8))
    bytes[place.offset + bit / 8] ^= 1 << UInt8(bit % 8)
    var rotten = files
    rotten[place.segment] = bytes
    let copy = FakeStorage(seed: world.seed, files: rotten)
    world.trace.note("bit \(bit) of the frame at \(place.offset) of \(place.segment) flips")
    let verdict = open(copy)
    world.tally.add("bits flipped at rest")
    let evidence = ["bit \(bit) from offset \(place.offset) of \(place.segment)", verdict.map { "\($0)" } ?? "opened"]
    guard case .corrupt(place.segment, UInt64(place.offset), _)? = verdict else {
      world.oracle.violate("a flipped bit below the watermark is not refused with its place", evidence)
      return
    }
    if copy.files != rotten { world.oracle.violate("the refusal of a damaged log has changed it", evidence) }
  }

  private func open(_ copy: FakeStorage) -> LogError? {
    let ready = ReadyJobs(seed: world.seed, bias: .inOrder, trace: world.trace)
    let opening = Opening()
    let world = world
    Task.detached(executorPreference: ready.taskExecutor) {
      let opened = await OpenedLedger.open(
        copy, world.plan, executor: ready.logExecutor, checkpointExecutor: ready.taskExecutor, timer: ManualClock(),
        clock: world.time.clock, randomSeed: 1)
      if case .failure(let failure) = opened { opening.failure = failure }
    }
    while ready.runOne() {}
    return opening.failure
  }

  /// `@unchecked`: only the simulation's thread touches it.
  private final class Opening: @unchecked Sendable {
    var failure: LogError?
  }

  /// The frames of which something later in the log says that they were on the disk, and the headers of the segments.
  private func witnessed(_ files: [String: [UInt8]]) -> [Place] {
    var frames: [LogFrame] = []
    let storage = FakeStorage(seed: world.seed, files: files)
    let summary = try? LogReader.read(storage: storage) { (frame, _) throws(RecordError) in frames.append(frame) }
    guard let summary else {
      world.oracle.violate("the log between two lives cannot be read")
      return []
    }
    var places = summary.segments.map { Place(segment: $0.name, offset: 0, bytes: 64) }
    if let frame = frames.first, frame.kind != .records {
      places.append(Place(segment: frame.place.segment, offset: 0, bytes: 64))
    }
    let lastSegment = summary.segments.last?.name
    for (index, frame) in frames.enumerated() {
      let isWitnessed = frames[(index + 1)...].contains { $0.watermark >= frame.firstSequence }
      // Where the last segment has frames, an earlier one is whole.
      let isEarlier = frame.place.segment != lastSegment && frames.last?.place.segment == lastSegment
      // A checkpoint has its name only once it is whole.
      if isWitnessed || isEarlier || frame.kind != .records {
        places.append(
          Place(segment: frame.place.segment, offset: Int(frame.place.offset), bytes: frame.fileBytes))
      }
    }
    return places
  }
}
