// swift-tools-version: 6.2
import PackageDescription

// A package of its own: whoever depends on refresh-ledger does not resolve gRPC.
let package = Package(
  name: "GRPCInterceptor",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "refresh-ledger", path: "../..", traits: []),
    .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
  ],
  targets: [
    .executableTarget(
      name: "GRPCInterceptor",
      dependencies: [
        .product(name: "TokenEngine", package: "refresh-ledger"),
        .product(name: "TokenVerification", package: "refresh-ledger"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCInProcessTransport", package: "grpc-swift-2"),
      ],
      path: "Sources",
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
      ])
  ]
)
