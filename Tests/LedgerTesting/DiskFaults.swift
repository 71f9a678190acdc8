/// What may go wrong; everything off at first. Whoever wants to choose call by call sets an intercept.
package struct DiskFaults: Sendable {
  /// Every call after this many more changing ones (write, sync, truncate, rename, remove, create) fails with EIO.
  package var callsUntilPowerOff: Int?
  /// Every sync of a file after this many more fails with EIO.
  package var syncsUntilFailure: Int?
  /// Writes fail with ENOSPC when they would make the files larger than this in sum.
  package var bytesMax: Int?
  /// A write or read takes at most this many bytes.
  package var transferBytesMax: Int?
  /// A shortened write ends where a sector ends, as the kernel's do.
  package var shortensAtSectors = false
  /// Every so many reads and writes one fails with EINTR.
  package var interruptedEvery: Int?

  package init() {}
}
