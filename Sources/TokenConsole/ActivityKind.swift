/// What a console counts.
enum ActivityKind: Int, CaseIterable {
  case opened, rotated, replayed, reused, refused, revoked
}
