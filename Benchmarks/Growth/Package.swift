// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "growth",
  dependencies: [
    .package(name: "refresh-ledger", path: "../..", traits: []),
    .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
  ],
  targets: [
    .executableTarget(
      name: "growth",
      dependencies: [
        .product(name: "TokenLedger", package: "refresh-ledger"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: [.swiftLanguageMode(.v6)]
    )
  ]
)
