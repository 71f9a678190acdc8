// swift-tools-version: 6.2
import PackageDescription

// A package of its own: it has the one trait that it needs, and so neither Hummingbird nor SwiftNIO.
let package = Package(
  name: "ObservedEngine",
  dependencies: [
    .package(name: "refresh-ledger", path: "../..", traits: ["Observability"]),
    .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
  ],
  targets: [
    .executableTarget(
      name: "ObservedEngine",
      dependencies: [
        .product(name: "TokenEngine", package: "refresh-ledger"),
        .product(name: "TokenObservability", package: "refresh-ledger"),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Sources",
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
      ])
  ]
)
