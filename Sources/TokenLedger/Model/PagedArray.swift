/// An array that grows by pages of 512 elements and never moves one.
///
/// Growth costs one page, never a copy of what is there, so a table of ten million entries has no slow append; a page in
/// which nothing was written yet costs a reference.
/// A copy shares all pages; the first write to a shared page copies that page only, which makes a copy a
/// consistent snapshot that can be read elsewhere while the original goes on.
struct PagedArray<Element> {
  private var pages: [ContiguousArray<Element>] = []
  private(set) var count = 0
  private let emptyPage: ContiguousArray<Element>

  static var pageBits: Int { 9 }
  static var pageCount: Int { 1 << pageBits }

  /// `filler` stands in elements that were never written.
  init(filler: Element) {
    emptyPage = ContiguousArray(repeating: filler, count: Self.pageCount)
  }

  /// Makes `index` valid; what lies between holds the filler.
  mutating func grow(toInclude index: Int) {
    guard index >= count else { return }
    while index >= pages.count << Self.pageBits { pages.append(emptyPage) }
    count = index + 1
  }

  subscript(index: Int) -> Element {
    @inline(__always) get { pages[index >> Self.pageBits][index & (Self.pageCount - 1)] }
    @inline(__always) _modify { yield &pages[index >> Self.pageBits][index & (Self.pageCount - 1)] }
  }
}

extension PagedArray: Sendable where Element: Sendable {}
