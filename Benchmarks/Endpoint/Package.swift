// swift-tools-version: 6.2
import PackageDescription

// Of its own, because it builds the dependencies of the server. With the trait Server alone SwiftPM 6.3 finds no graph:
// it asks for Yams, which only the trait CLI has.
let package = Package(
  name: "refresh-ledger-endpoint-benchmarks",
  dependencies: [
    .package(name: "refresh-ledger", path: "../..", traits: ["Server", "CLI"]),
    .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "EndpointBenchmarks",
      dependencies: [
        .product(name: "Benchmark", package: "benchmark"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "TokenEngine", package: "refresh-ledger"),
        .product(name: "TokenHTTP", package: "refresh-ledger"),
        .product(name: "TokenTesting", package: "refresh-ledger"),
      ],
      path: "Benchmarks/EndpointBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ]
)
