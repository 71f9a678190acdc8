import Glibc
import SystemPackage
import Testing

@testable import Platform

@Suite("A file put in its place as a whole") struct FileReplacementTests {
  @Test("The new content stands where the old one did, with mode 0600, and nothing is left beside it")
  func replaces() throws {
    let folder = try ScratchFolder()
    try folder.write("old", to: "file")
    try FileReplacement.replace(folder.path(of: "file"), with: Array("new".utf8), temporaryName: "file.tmp")
    #expect(try folder.text("file") == "new")
    #expect(try FileStatus.of(folder.path(of: "file")).mode == 0o600)
    #expect(folder.names == ["file"])
  }

  @Test("What a cut-off replacement left behind is no obstacle")
  func remainder() throws {
    let folder = try ScratchFolder()
    try folder.write("half", to: "file.tmp")
    try FileReplacement.replace(folder.path(of: "file"), with: Array("new".utf8), temporaryName: "file.tmp")
    #expect(try folder.text("file") == "new" && folder.names == ["file"])
  }

  @Test("A folder that is not there is the step that is refused")
  func missingFolder() throws {
    let folder = try ScratchFolder()
    let path = folder.path(of: "none/file")
    #expect(throws: FileReplacement.Failure(step: .openFolder, code: .noSuchFileOrDirectory)) {
      try FileReplacement.replace(path, with: [], temporaryName: "file.tmp")
    }
  }

  @Test("A name that is taken stays with its file, and the temporary file goes")
  func creates() throws {
    let folder = try ScratchFolder()
    let opened = try OpenFolder(folder.path)
    #expect(try opened.create("file", with: Array("first".utf8), temporaryName: ".a"))
    #expect(try !opened.create("file", with: Array("second".utf8), temporaryName: ".b"))
    #expect(try folder.text("file") == "first" && folder.names == ["file"])
  }

  @Test("A folder in the file's place is the step of the name, and what was written goes")
  func folderInPlace() throws {
    let folder = try ScratchFolder()
    #expect(try FileSystem.makeFolder(folder.path(of: "file")))
    #expect(throws: FileReplacement.Failure(step: .name, code: .isDirectory)) {
      try FileReplacement.replace(folder.path(of: "file"), with: [1], temporaryName: "file.tmp")
    }
    #expect(folder.names == ["file"])
    rmdir(folder.path(of: "file"))
  }
}
