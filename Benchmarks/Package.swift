// swift-tools-version: 6.2
import PackageDescription

let engine: [Target.Dependency] = [
  .product(name: "Benchmark", package: "benchmark"),
  .product(name: "SystemPackage", package: "swift-system"),
  .product(name: "TokenEngine", package: "refresh-ledger"),
  .product(name: "TokenLedger", package: "refresh-ledger"),
]

func suite(_ name: String) -> Target {
  .executableTarget(
    name: name, dependencies: engine + ["BenchmarkFixtures"], path: "Benchmarks/\(name)",
    plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
}

let package = Package(
  name: "refresh-ledger-benchmarks",
  dependencies: [
    .package(name: "refresh-ledger", path: "..", traits: []),
    .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
  ],
  targets: [
    .target(name: "BenchmarkFixtures", dependencies: engine, path: "Benchmarks/BenchmarkFixtures"),
    suite("LedgerBenchmarks"),
    suite("LogBenchmarks"),
    suite("SigningBenchmarks"),
    suite("EngineBenchmarks"),
    suite("ReplayBenchmarks"),
  ]
)
