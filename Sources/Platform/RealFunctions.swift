internal import Glibc

/// Functions of real numbers that Swift leaves to the C library.
package enum RealFunctions {
  package static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
  package static func naturalLogarithm(_ value: Double) -> Double { log(value) }
  package static func decimalLogarithm(_ value: Double) -> Double { log10(value) }
}
