/// An array that grows by pages of 512 elements and never moves one.
///
/// Growth costs one page and copies nothing, so that a table of ten million entries has no slow append. A page to which
/// nothing was written yet costs a reference. A copy shares all pages, and the first write to a shared page copies only
/// that page. A copy is therefore a consistent snapshot that can be read elsewhere while the original changes.
struct PagedArray<Element> {
  private var pages: [ContiguousArray<Element>] = []
  private(set) var count = 0
  private let emptyPage: ContiguousArray<Element>

  static var pageBits: Int { 9 }
  static var pageCount: Int { 1 << pageBits }

  /// Creates an array whose elements are `filler` until they are written.
  init(filler: Element) {
    emptyPage = ContiguousArray(repeating: filler, count: Self.pageCount)
  }

  /// Makes `index` valid; new elements hold the filler.
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
