// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "canned-reply",
  dependencies: [
    // The requirement of the root package: the same server.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0")
  ],
  targets: [
    .executableTarget(
      name: "CannedReply",
      dependencies: [.product(name: "Hummingbird", package: "hummingbird")],
      path: ".",
      exclude: ["README.md"],
      sources: ["CannedReply.swift"],
      swiftSettings: [.swiftLanguageMode(.v6)]
    )
  ]
)
