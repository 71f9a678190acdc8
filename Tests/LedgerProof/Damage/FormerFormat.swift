/// The files of a log as a program that knows log format 1 alone would have left them.
///
/// The records keep their kinds: which ones a file may hold is nothing that its version says.
enum FormerFormat {
  static func files(_ files: [String: [UInt8]]) -> [String: [UInt8]] {
    var opening = SpecifiedOpening(files)
    _ = opening.run()
    var former = files
    var chain: UInt32?
    for segment in [opening.checkpoint].compactMap(\.self) + opening.segments {
      guard let bytes = files[segment.name] else { continue }
      let rewritten = rewritten(segment, bytes, carrying: chain)
      former[segment.name] = rewritten.bytes
      // The segment after a checkpoint carries what was there before it.
      chain = segment.header.isCheckpoint ? nil : rewritten.chain
    }
    return former
  }

  private static func rewritten(
    _ segment: SpecifiedSegment, _ bytes: [UInt8], carrying carried: UInt32?
  ) -> (bytes: [UInt8], chain: UInt32) {
    var rewritten = Array(bytes[..<SpecifiedFileHeader.bytes])
    rewritten.setNumber(1, at: 16, width: 2)
    if let carried { rewritten.setNumber(UInt64(carried), at: 48, width: 4) }
    rewritten.setNumber(UInt64(SpecifiedChecksum.crc32c(rewritten, 0..<60)), at: 60, width: 4)
    var chain = rewritten.word(at: 60)
    for (offset, written) in segment.frames {
      var frame = written
      frame.previous = chain
      let header = frame.encoded(seed: segment.header.seed)
      if frame.kind != SpecifiedFrame.Kind.seal { chain = header.word(at: 52) }
      rewritten += header + bytes[(offset + SpecifiedFrame.headerBytes)..<(offset + frame.bytes)]
    }
    return (rewritten + bytes[segment.end...], chain)
  }
}
