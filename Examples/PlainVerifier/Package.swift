// swift-tools-version: 6.2
import PackageDescription

// A package of its own: a verifier and a client of the token server with no trait, and so without Hummingbird,
// SwiftNIO, the engine and its ledger.
let package = Package(
  name: "PlainVerifier",
  dependencies: [.package(name: "refresh-ledger", path: "../..", traits: [])],
  targets: [
    .executableTarget(
      name: "PlainVerifier",
      dependencies: [
        .product(name: "TokenVerification", package: "refresh-ledger"),
        .product(name: "TokenClient", package: "refresh-ledger"),
      ],
      path: "Sources",
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
      ])
  ]
)
