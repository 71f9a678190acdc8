// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "refresh-ledger-benchmarks",
  dependencies: [
    .package(name: "refresh-ledger", path: "..", traits: []),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "RotationBenchmarks",
      dependencies: [
        .product(name: "Benchmark", package: "benchmark"),
        .product(name: "TokenEngine", package: "refresh-ledger"),
        .product(name: "TokenLedger", package: "refresh-ledger"),
      ],
      path: "Benchmarks/RotationBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
    )
  ]
)
