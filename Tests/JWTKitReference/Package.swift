// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who uses or tests refresh-ledger resolves and builds vapor/jwt-kit.
let package = Package(
  name: "refresh-ledger-jwt-kit-reference",
  dependencies: [
    .package(name: "refresh-ledger", path: "../..", traits: []),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
  ],
  targets: [
    .testTarget(
      name: "JWTKitReferenceTests",
      dependencies: [
        .product(name: "JWTKit", package: "jwt-kit"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "TokenEngine", package: "refresh-ledger"),
        .product(name: "TokenLedger", package: "refresh-ledger"),
      ],
      path: "JWTKitReferenceTests"
    )
  ]
)
