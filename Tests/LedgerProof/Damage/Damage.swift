/// One thing that is done to the bytes of a log.
///
/// Files are numbered by name, frames by place.
enum Damage: Sendable, Hashable {
  case flip(file: Int, bit: Int)
  case twoFlips(seed: UInt64)
  case burst(seed: UInt64)
  case cut(file: Int, length: Int)
  case zeroSector(file: Int, sector: Int)
  case zeroSectors(seed: UInt64)
  case zeroLength(file: Int, frame: Int, field: LengthField)
  case remove(file: Int)
  case copy(file: Int, over: Int)
  /// A file that a checkpoint had replaced is there again.
  case resurrect(replaced: Int)
  case resurrectAll
  /// The checkpoint is gone, and all that it had replaced is there again.
  case undoCheckpoint
  /// A copy under a name that no file has.
  case stray(file: Int, name: UInt64)
  case exchange(file: Int, with: Int)
  /// The file of the same place of another log.
  case foreign(file: Int)
  /// The same frames as those of a log with another identity, with all checksums right; nothing else differs.
  case otherIdentity(file: Int)
  case version(file: Int, version: UInt16)
  case repeatFrame(file: Int, frame: Int)
  case removeFrame(file: Int, frame: Int)
  /// A frame and the one after it.
  case exchangeFrames(file: Int, frame: Int)
  case forge(file: Int, frame: Int, Forgery)
  /// The same, and the last sector of the frame reads as zeroes, as if it had been torn.
  case forgeTorn(file: Int, frame: Int, Forgery)
  /// Random bytes of a payload changed, with all checksums and chain values after it made right again.
  case reforge(seed: UInt64)
  /// The same of a checkpoint's entries.
  case reforgeEntries(seed: UInt64)

  /// Lengths outside the reach of a right checksum.
  enum LengthField: Int, Sendable, CaseIterable {
    case header = 4
    case payload = 36
    case stored = 40
    case block = 63
  }

  /// The word under which cases of this kind are counted.
  var kind: String {
    switch self {
    case .flip: "single-bit flips"
    case .twoFlips: "two-bit flips"
    case .burst: "bursts"
    case .cut: "truncations"
    case .zeroSector: "zeroed sectors"
    case .zeroSectors: "several zeroed sectors"
    case .zeroLength: "zeroed lengths"
    case .remove: "removed files"
    case .resurrect, .resurrectAll: "resurrected files"
    case .undoCheckpoint: "undone checkpoints"
    case .copy: "segments over another"
    case .stray: "segments under a new name"
    case .exchange: "exchanged segments"
    case .foreign, .otherIdentity: "segments of another log"
    case .version: "other versions"
    case .repeatFrame: "repeated frames"
    case .removeFrame: "removed frames"
    case .exchangeFrames: "exchanged frames"
    case .forge(_, _, let forgery): forgery.isBlock ? "forged LZ4 blocks" : "forged header fields"
    case .forgeTorn: "forged and torn frames"
    case .reforge: "forged records"
    case .reforgeEntries: "forged checkpoint entries"
    }
  }

  /// Whether bytes were changed or cut off where they stand, so that the first of them says what must be refused.
  var isInPlace: Bool {
    switch self {
    case .flip, .twoFlips, .burst, .cut, .zeroSector, .zeroSectors, .zeroLength: true
    default: false
    }
  }
}

extension Damage {
  /// Returns every damage of this log.
  ///
  /// The seeds of those that have one depend on `log.number`.
  static func all(of log: ReferenceLog) -> [Damage] {
    var all: [Damage] = []
    for (file, name) in log.names.enumerated() {
      let size = log.files[name]?.count ?? 0
      all += (0..<(size * 8)).map { .flip(file: file, bit: $0) }
      all += (0..<size).map { .cut(file: file, length: $0) }
      all += (0..<((size + 511) / 512)).map { .zeroSector(file: file, sector: $0) }
      all.append(.remove(file: file))
      all += [.foreign(file: file), .otherIdentity(file: file)]
      all += [0, 1, 3, 255, 256, 0xFFFF].map { .version(file: file, version: $0) }
      all += [log.lastSequence, log.lastSequence + 1, log.lastSequence + 999, 2, 0, 1 << 62, .max].map {
        .stray(file: file, name: $0)
      }
      for other in log.names.indices where other != file {
        all.append(.copy(file: file, over: other))
        if other > file { all.append(.exchange(file: file, with: other)) }
      }
      for frame in log.segments[file].frames.indices {
        all += LengthField.allCases.map { .zeroLength(file: file, frame: frame, field: $0) }
        all.append(.repeatFrame(file: file, frame: frame))
        all.append(.removeFrame(file: file, frame: frame))
        if frame > 0 { all.append(.exchangeFrames(file: file, frame: frame - 1)) }
        all += Forgery.all.map { .forge(file: file, frame: frame, $0) }
        all += Forgery.all.map { .forgeTorn(file: file, frame: frame, $0) }
      }
    }
    if !log.replaced.isEmpty {
      all += log.replaced.keys.indices.enumerated().map { .resurrect(replaced: $0.offset) }
      all += [.resurrectAll, .undoCheckpoint]
    }
    let seeds = (0..<UInt64(4_000)).map { UInt64(log.number) << 20 | $0 }
    all += seeds.map { .twoFlips(seed: $0) } + seeds.map { .burst(seed: $0) } + seeds.map { .zeroSectors(seed: $0) }
    if !log.entries.isEmpty { all += seeds.map { .reforgeEntries(seed: $0) } }
    return all + seeds.map { .reforge(seed: $0) }
  }
}
