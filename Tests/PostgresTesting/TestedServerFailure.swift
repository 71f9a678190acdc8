#if Postgres
/// Why the tests have no server: one line, with the fix.
package struct TestedServerFailure: Error, CustomStringConvertible {
  package let description: String
}
#endif
