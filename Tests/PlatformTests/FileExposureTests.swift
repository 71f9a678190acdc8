import Platform
import Testing

@Suite("Who can get at a file") struct FileExposureTests {
  private func exposure(_ mode: UInt32, group: UInt32) -> FileExposure {
    FileExposure(mode: mode, group: group, ownGroups: [2000, 0])
  }

  @Test("Others can read or change what its last digit says, whatever the group", arguments: [2000, 7] as [UInt32])
  func others(group: UInt32) {
    #expect(exposure(0o604, group: group).othersCanRead && !exposure(0o604, group: group).othersCanChange)
    #expect(exposure(0o602, group: group).othersCanChange && !exposure(0o602, group: group).othersCanRead)
    #expect(!exposure(0o701, group: group).othersCanRead && !exposure(0o701, group: group).othersCanChange)
  }

  @Test("A group that the process is in is its own, as that of a volume with fsGroup")
  func ownGroup() {
    for mode in [0o640, 0o620, 0o660, 0o102770] as [UInt32] {
      let exposure = exposure(mode, group: 2000)
      #expect(exposure.isOpenToOwnGroup && !exposure.othersCanRead && !exposure.othersCanChange)
    }
    #expect(!exposure(0o600, group: 2000).isOpenToOwnGroup && !exposure(0o610, group: 2000).isOpenToOwnGroup)
  }

  @Test("Any other group is others")
  func otherGroup() {
    #expect(exposure(0o640, group: 7).othersCanRead && !exposure(0o640, group: 7).othersCanChange)
    #expect(exposure(0o620, group: 7).othersCanChange && !exposure(0o620, group: 7).isOpenToOwnGroup)
    #expect(!exposure(0o600, group: 7).othersCanRead)
  }

  @Test("A mode is written as chmod takes it")
  func text() {
    #expect(FileExposure.text(ofMode: 0o100640) == "0640" && FileExposure.text(ofMode: 0o42770) == "2770")
  }
}
