import LedgerTesting

extension ReferenceLog {
  /// Of the files, in the order in which a damage numbers them.
  var names: [String] { segments.map(\.name) }
}

extension Damage {
  /// Returns the files of the log after this damage, or nil if it changes nothing.
  ///
  /// `other` is a log with another identity.
  func applied(to log: ReferenceLog, other: ReferenceLog) -> [String: [UInt8]]? {
    var files = log.files
    if isInPlace {
      change(&files, log)
    } else {
      replace(&files, log, other)
    }
    return files == log.files ? nil : files
  }

  private func change(_ files: inout [String: [UInt8]], _ log: ReferenceLog) {
    switch self {
    case .flip(let file, let bit): files[log.names[file]]?[bit / 8] ^= 1 << UInt8(bit % 8)
    case .cut(let file, let length): files[log.names[file]]?.removeSubrange(length...)
    case .zeroSector(let file, let sector): Self.zero(&files[log.names[file]], sector: sector)
    case .zeroLength(let file, let frame, let field):
      let start = log.segments[file].frames[frame].offset + field.rawValue
      if field == .block, !log.segments[file].frames[frame].frame.carriesRecords { return }
      files[log.names[file]]?.setNumber(0, at: start, width: 4)
    case .twoFlips(let seed):
      var random = SeededGenerator(seed: seed)
      for _ in 0..<2 {
        let name = log.names[Int.random(in: 0..<log.names.count, using: &random)]
        let bit = Int.random(in: 0..<((files[name]?.count ?? 0) * 8), using: &random)
        files[name]?[bit / 8] ^= 1 << UInt8(bit % 8)
      }
    case .burst(let seed): Self.burst(&files, log, seed)
    case .zeroSectors(let seed): Self.zeroSectors(&files, log, seed)
    default: return
    }
  }

  private static func zero(_ bytes: inout [UInt8]?, sector: Int) {
    zero(&bytes, from: sector * 512, to: sector * 512 + 512)
  }

  private static func zero(_ bytes: inout [UInt8]?, from start: Int, to end: Int) {
    guard let size = bytes?.count else { return }
    let range = min(size, start)..<min(size, end)
    bytes?.replaceSubrange(range, with: [UInt8](repeating: 0, count: range.count))
  }

  /// Up to 64 random bytes in a row, in every other case near the end of what was written.
  private static func burst(_ files: inout [String: [UInt8]], _ log: ReferenceLog, _ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let isNearEnd = Bool.random(using: &random)
    let file = isNearEnd ? log.names.count - 1 : Int.random(in: 0..<log.names.count, using: &random)
    let size = files[log.names[file]]?.count ?? 0
    let lowest = isNearEnd ? max(0, log.segments[file].end - 300) : 0
    let start = Int.random(in: lowest..<size, using: &random)
    for place in start..<min(size, start + Int.random(in: 1...64, using: &random)) {
      files[log.names[file]]?[place] = UInt8.random(in: 0...255, using: &random)
    }
  }

  /// What a disk that lost several sectors shows, the last of them perhaps with the end of the file.
  private static func zeroSectors(_ files: inout [String: [UInt8]], _ log: ReferenceLog, _ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let name = log.names[Int.random(in: max(0, log.names.count - 2)..<log.names.count, using: &random)]
    let sectors = ((files[name]?.count ?? 0) + 511) / 512
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      zero(&files[name], sector: Int.random(in: 0..<sectors, using: &random))
    }
    if Int.random(in: 0..<4, using: &random) == 0 {
      let size = files[name]?.count ?? 0
      files[name]?.removeSubrange(Int.random(in: (size / 2)...size, using: &random)...)
    }
  }
}

// MARK: - Whole files and whole frames

extension Damage {
  private func replace(_ files: inout [String: [UInt8]], _ log: ReferenceLog, _ other: ReferenceLog) {
    let names = log.names
    switch self {
    case .remove(let file): files[names[file]] = nil
    case .resurrect(let index):
      let name = log.replaced.keys.sorted()[index]
      files[name] = log.replaced[name]
    case .resurrectAll: files.merge(log.replaced) { now, _ in now }
    case .undoCheckpoint:
      files.merge(log.replaced) { now, _ in now }
      files[names[0]] = nil
    case .copy(let file, let over): files[names[over]] = log.files[names[file]]
    case .stray(let file, let name):
      let name = SpecifiedOpening.name(ofSegment: name)
      if files[name] == nil { files[name] = log.files[names[file]] }
    case .exchange(let file, let with):
      files[names[file]] = log.files[names[with]]
      files[names[with]] = log.files[names[file]]
    case .foreign(let file):
      files[names[file]] = other.files[other.names[min(file, other.names.count - 1)]]
    case .otherIdentity(let file):
      files[names[file]] = Self.reidentified(log.segments[file], log.files[names[file]] ?? [])
    case .version(let file, let version):
      files[names[file]]?.setNumber(UInt64(version), at: 16, width: 2)
      guard let sum = files[names[file]].map({ SpecifiedChecksum.crc32c($0, 0..<60) }) else { return }
      files[names[file]]?.setNumber(UInt64(sum), at: 60, width: 4)
    case .repeatFrame(let file, let frame): arrange(&files, log, file) { $0.insert($0[frame], at: frame) }
    case .removeFrame(let file, let frame): arrange(&files, log, file) { $0.remove(at: frame) }
    case .exchangeFrames(let file, let frame): arrange(&files, log, file) { $0.swapAt(frame, frame + 1) }
    case .forge(let file, let frame, let forgery):
      let segment = log.segments[file]
      arrange(&files, log, file) { frames in
        let forged = forgery.applied(to: segment.frames[frame].frame, frames[frame], seed: segment.header.seed)
        if let forged { frames[frame] = forged }
      }
    case .forgeTorn(let file, let frame, let forgery):
      Damage.forge(file: file, frame: frame, forgery).replace(&files, log, other)
      let next = log.segments[file].frames[(frame + 1)...].first?.offset ?? log.segments[file].end
      if files[names[file]] == log.files[names[file]] || next % 512 == 0 { return }
      Self.zero(&files[names[file]], from: max(log.segments[file].frames[frame].offset, next / 512 * 512), to: next)
    case .reforge(let seed): Self.reforge(&files, log, seed, kind: SpecifiedFrame.Kind.records)
    case .reforgeEntries(let seed): Self.reforge(&files, log, seed, kind: SpecifiedFrame.Kind.checkpoint)
    default: return
    }
  }

  /// Puts the frames of a segment together anew.
  private func arrange(
    _ files: inout [String: [UInt8]], _ log: ReferenceLog, _ file: Int, _ change: (inout [[UInt8]]) -> Void
  ) {
    let segment = log.segments[file]
    guard let bytes = log.files[segment.name] else { return }
    var frames = segment.frames.map { Array(bytes[$0.offset..<($0.offset + $0.frame.bytes)]) }
    change(&frames)
    files[segment.name] = Array(bytes[..<64]) + frames.joined() + bytes[segment.end...]
  }

  private static func reidentified(_ segment: SpecifiedSegment, _ bytes: [UInt8]) -> [UInt8] {
    var rebuilt = Array(bytes[..<64])
    rebuilt[30] ^= 1
    rebuilt.setNumber(UInt64(SpecifiedChecksum.crc32c(rebuilt, 0..<60)), at: 60, width: 4)
    let seed = SpecifiedChecksum.crc32c(rebuilt, 24..<40)
    var chain = rebuilt.word(at: 60)
    for (offset, written) in segment.frames {
      var frame = written
      frame.previous = chain
      let header = frame.encoded(seed: seed)
      if frame.kind != SpecifiedFrame.Kind.seal { chain = header.word(at: 52) }
      rebuilt += header + bytes[(offset + 56)..<(offset + frame.bytes)]
    }
    return rebuilt + bytes[segment.end...]
  }

  private static func reforge(
    _ files: inout [String: [UInt8]], _ log: ReferenceLog, _ seed: UInt64, kind: UInt8
  ) {
    var random = SeededGenerator(seed: seed)
    let candidates = log.segments.flatMap { $0.frames.map(\.frame) }.filter { $0.kind == kind }
    let target = candidates[Int.random(in: 0..<candidates.count, using: &random)].checksum
    var chain: UInt32 = 0
    var isChanged = false
    for segment in log.segments where segment.header.isCheckpoint == (kind == SpecifiedFrame.Kind.checkpoint) {
      guard let bytes = log.files[segment.name] else { return }
      var rebuilt = Array(bytes[..<64])
      if isChanged {
        rebuilt.setNumber(UInt64(chain), at: 48, width: 4)
        rebuilt.setNumber(UInt64(SpecifiedChecksum.crc32c(rebuilt, 0..<60)), at: 60, width: 4)
      }
      chain = rebuilt.word(at: 60)
      for (offset, written) in segment.frames {
        var frame = written
        frame.previous = chain
        let next: [UInt8]
        if written.checksum == target, let original = SpecifiedOpening.payload(of: written, at: offset, in: bytes) {
          isChanged = true
          let payload = mutated(original, &random)
          frame.payloadBytes = UInt32(payload.count)
          next = frame.encoded(around: payload, seed: segment.header.seed)
        } else {
          next = frame.encoded(seed: segment.header.seed) + bytes[(offset + 56)..<(offset + frame.bytes)]
        }
        if frame.kind != SpecifiedFrame.Kind.seal { chain = next.word(at: 52) }
        rebuilt += next
      }
      files[segment.name] = rebuilt + bytes[segment.end...]
    }
  }

  /// A few bytes changed, inserted or taken out.
  private static func mutated(_ payload: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var payload = payload
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: 0..<payload.count, using: &random)
      let byte = [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random)][
        Int.random(in: 0..<6, using: &random)]
      switch Int.random(in: 0..<6, using: &random) {
      case 0: payload.insert(byte, at: place)
      case 1 where payload.count > 1: payload.remove(at: place)
      case 2: payload.replaceSubrange(place..., with: payload[place...].prefix(3) + [byte] + payload[place...])
      case 3: payload.replaceSubrange(place..., with: [UInt8](repeating: 0xFF, count: 12) + payload[place...])
      default: payload[place] = byte
      }
    }
    return Array(payload.prefix(1 << 20))
  }
}
