/// This release.
enum Release {
  static let version = "0.2.0"
}
