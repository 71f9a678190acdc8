// swift-tools-version: 6.3
import PackageDescription

var settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
// Warnings are errors in `tools/check` only: a library that refuses to build for the next compiler's new warning is a
// burden to its embedders.
if Context.environment["REFRESH_LEDGER_WARNINGS"] == "error" {
  settings.append(.treatAllWarnings(as: .error))
}

/// For the targets that touch C.
let settingsTouchingC: [SwiftSetting] = settings + [.strictMemorySafety()]

let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let observability: TargetDependencyCondition? = .when(traits: ["Observability"])
let server: TargetDependencyCondition? = .when(traits: ["Server"])
let console: TargetDependencyCondition? = .when(traits: ["Console"])
let commandLine: TargetDependencyCondition? = .when(traits: ["CLI"])
let postgres: TargetDependencyCondition? = .when(traits: ["Postgres"])

let package = Package(
  name: "refresh-ledger",
  products: [
    .library(name: "TokenEngine", targets: ["TokenEngine"]),
    .library(name: "RotationModel", targets: ["RotationModel"]),
    .library(name: "TokenAccounts", targets: ["TokenAccounts"]),
    .library(name: "TokenVerification", targets: ["TokenVerification"]),
    .library(name: "TokenClient", targets: ["TokenClient"]),
    .library(name: "TokenLedger", targets: ["TokenLedger"]),
    .library(name: "TokenLedgerPostgres", targets: ["TokenLedgerPostgres"]),
    .library(name: "TokenObservability", targets: ["TokenObservability"]),
    .library(name: "TokenHTTP", targets: ["TokenHTTP"]),
    .library(name: "TokenConsole", targets: ["TokenConsole"]),
    .library(name: "TokenTesting", targets: ["TokenTesting"]),
    .executable(name: "refresh-ledger", targets: ["refresh-ledger"]),
  ],
  traits: [
    // A trait of its own: else whoever embeds the engine alone would resolve swift-metrics and tracing for nothing.
    .trait(name: "Observability", description: "TokenObservability: for swift-log, swift-metrics and tracing."),
    .trait(
      name: "Server", description: "TokenHTTP: the routes and middlewares on Hummingbird 2; with Observability.",
      enabledTraits: ["Observability"]),
    .trait(
      name: "Console", description: "TokenConsole: the admin's pages; with Server, which serves them.",
      enabledTraits: ["Server"]),
    .trait(
      name: "Postgres",
      description: "TokenLedgerPostgres: the ledger that many instances share in PostgreSQL, by libpq."),
    .trait(
      name: "CLI",
      description: "The refresh-ledger command, its configuration and its load generator; with Server and Console.",
      enabledTraits: ["Server", "Console"]),
    .default(enabledTraits: ["Server", "Console", "Postgres", "CLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.10.0"),
    // Only with the trait Server, swift-metrics and swift-distributed-tracing also with Observability alone.
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.9.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    // Only with the trait CLI.
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
  ],
  targets: [
    // System libraries.
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
    .systemLibrary(name: "CCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .target(name: "CChecksum"),
    // A function of the C library that its module leaves out.
    .systemLibrary(name: "CSyncFileRange"),

    // What an operating system offers: the only target that imports its C library.
    .target(name: "Platform", dependencies: ["CSyncFileRange", system], swiftSettings: settingsTouchingC),

    // The engine. Each depends only on those above it.
    .target(
      name: "WriteAheadLog",
      dependencies: ["Platform", "CChecksum", "CLZ4", system],
      swiftSettings: settingsTouchingC
    ),
    .target(name: "RotationModel", dependencies: ["Platform"], swiftSettings: settingsTouchingC),
    .target(
      name: "TokenLedger",
      dependencies: ["Platform", "RotationModel", "WriteAheadLog", system],
      swiftSettings: settingsTouchingC
    ),
    .target(
      name: "TokenLedgerPostgres",
      dependencies: [
        "Platform", "RotationModel", "TokenLedger", .target(name: "CLibPQ", condition: postgres),
        .target(name: "COpenSSL", condition: postgres),
      ],
      swiftSettings: settingsTouchingC
    ),
    .target(name: "TokenSigning", dependencies: ["Platform", "COpenSSL", system], swiftSettings: settingsTouchingC),
    // For other processes: what judges access tokens there, and what gets them from the server.
    .target(
      name: "TokenVerification",
      dependencies: [
        "Platform", "RotationModel", "TokenSigning",
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings),
    .target(name: "TokenClient", dependencies: ["Platform", "RotationModel"], swiftSettings: settings),
    .target(
      name: "TokenEngine",
      dependencies: [
        "Platform", "RotationModel", "TokenLedger", "TokenSigning", "TokenVerification", "COpenSSL",
        .target(name: "TokenLedgerPostgres", condition: postgres),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        system,
      ],
      swiftSettings: settingsTouchingC
    ),
    .target(
      name: "TokenAccounts",
      dependencies: [
        "Platform", "TokenEngine", "TokenLedger", "TokenSigning", "CArgon2", "CCrypt", "COpenSSL",
        .target(name: "TokenLedgerPostgres", condition: postgres), system,
      ],
      swiftSettings: settingsTouchingC),

    // The adapters.
    .target(
      name: "TokenObservability",
      dependencies: [
        "TokenEngine",
        .product(name: "CoreMetrics", package: "swift-metrics", condition: observability),
        .product(name: "Logging", package: "swift-log", condition: observability),
        .product(name: "Tracing", package: "swift-distributed-tracing", condition: observability),
      ],
      swiftSettings: settings
    ),
    .target(
      name: "TokenHTTP",
      dependencies: [
        "Platform", "RotationModel", "TokenEngine", "TokenLedger", "TokenObservability",
        .product(name: "CoreMetrics", package: "swift-metrics", condition: server),
        .product(name: "Hummingbird", package: "hummingbird", condition: server),
        .product(name: "HummingbirdCore", package: "hummingbird", condition: server),
        .product(name: "HummingbirdHTTP2", package: "hummingbird", condition: server),
        .product(name: "HummingbirdTLS", package: "hummingbird", condition: server),
        .product(name: "HTTPTypes", package: "swift-http-types", condition: server),
        .product(name: "Logging", package: "swift-log", condition: server),
        .product(name: "NIOCore", package: "swift-nio", condition: server),
        .product(name: "NIOHTTP1", package: "swift-nio", condition: server),
        .product(name: "NIOTLS", package: "swift-nio", condition: server),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras", condition: server),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras", condition: server),
        .product(name: "NIOSSL", package: "swift-nio-ssl", condition: server),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        system,
        .product(name: "Tracing", package: "swift-distributed-tracing", condition: server),
      ],
      resources: [.embedInCode("Discovery/openapi.json")],
      swiftSettings: settings
    ),
    .target(
      name: "TokenConsole",
      dependencies: [
        "Platform", "TokenHTTP", "TokenEngine", "TokenLedger", "TokenObservability",
        .product(name: "Hummingbird", package: "hummingbird", condition: console),
        .product(name: "HTTPTypes", package: "swift-http-types", condition: console),
        .product(name: "Logging", package: "swift-log", condition: console),
        .product(name: "NIOCore", package: "swift-nio", condition: console),
      ],
      resources: ["console.css", "console.js", "console.svg"].map { .embedInCode("Resources/\($0)") },
      swiftSettings: settings
    ),
    .target(
      name: "RefreshRotationLoad",
      dependencies: [
        "Platform", "TokenEngine",
        .product(name: "AsyncHTTPClient", package: "async-http-client", condition: commandLine),
        .product(name: "Histogram", package: "hdrhistogram-swift", condition: commandLine),
        .product(name: "NIOCore", package: "swift-nio", condition: commandLine),
        .product(name: "NIOHTTP1", package: "swift-nio", condition: commandLine),
        .product(name: "NIOPosix", package: "swift-nio", condition: commandLine),
        .product(name: "NIOSSL", package: "swift-nio-ssl", condition: commandLine),
        system,
      ],
      swiftSettings: settings
    ),
    .executableTarget(
      name: "refresh-ledger",
      dependencies: [
        "Platform", "TokenConsole", "TokenHTTP", "TokenObservability", "RefreshRotationLoad", "TokenAccounts",
        "TokenEngine", "TokenLedger", "TokenSigning", "WriteAheadLog",
        .target(name: "TokenLedgerPostgres", condition: postgres),
        .product(name: "ArgumentParser", package: "swift-argument-parser", condition: commandLine),
        .product(name: "Yams", package: "Yams", condition: commandLine),
        .product(name: "AsyncHTTPClient", package: "async-http-client", condition: commandLine),
        .product(name: "CoreMetrics", package: "swift-metrics", condition: server),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        system,
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings
    ),

    // What docs/embedding.md shows.
    .executableTarget(
      name: "PlainLibrary",
      dependencies: ["TokenEngine"],
      path: "Examples/PlainLibrary", swiftSettings: settings),
    .executableTarget(
      name: "HummingbirdApp",
      dependencies: [
        "TokenHTTP", "TokenEngine", "TokenObservability",
        .product(name: "Hummingbird", package: "hummingbird", condition: server),
        .product(name: "Logging", package: "swift-log", condition: server),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      path: "Examples/HummingbirdApp", swiftSettings: settings),

    // What docs/resource-servers.md shows, and tools/verification-proof runs.
    .executableTarget(
      name: "ResourceServer",
      dependencies: [
        "TokenHTTP", "TokenVerification",
        .product(name: "AsyncHTTPClient", package: "async-http-client", condition: commandLine),
        .product(name: "Hummingbird", package: "hummingbird", condition: server),
        .product(name: "Logging", package: "swift-log", condition: server),
        .product(name: "NIOCore", package: "swift-nio", condition: server),
        .product(name: "NIOHTTP1", package: "swift-nio", condition: server),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      path: "Examples/ResourceServer", swiftSettings: settings),

    // For tests, of embedders too: time and randomness, which need no engine, and stores.
    .target(name: "TokenTestInputs", dependencies: ["TokenLedger"], swiftSettings: settings),
    .target(
      name: "TokenTesting",
      dependencies: ["TokenTestInputs", "RotationModel", "TokenLedger", "TokenSigning", "TokenEngine"],
      swiftSettings: settings),
    // Tests.
    .target(
      name: "LedgerTesting", dependencies: ["TokenTestInputs", "WriteAheadLog"], path: "Tests/LedgerTesting",
      swiftSettings: settings),
    // A PostgreSQL server of the tests' own, on loopback, for as long as they run.
    .target(
      name: "PostgresTesting", dependencies: ["Platform", "TokenLedgerPostgres", "TokenTestInputs", system],
      path: "Tests/PostgresTesting", swiftSettings: settings),
    // The proof of docs/reliability.md: simulation, damage, faults. Needs no trait; with Postgres that of the ledger
    // there too.
    .target(
      name: "LedgerProof",
      dependencies: [
        "LedgerTesting", "TokenLedger", "WriteAheadLog",
        .target(name: "Platform", condition: postgres), .target(name: "PostgresTesting", condition: postgres),
        .target(name: "TokenLedgerPostgres", condition: postgres),
      ],
      path: "Tests/LedgerProof",
      swiftSettings: settings),
    .executableTarget(
      name: "ledger-proof", dependencies: ["LedgerProof"], path: "Tests/LedgerProofCommand", swiftSettings: settings),
    // What tools/cluster-proof reads the events with.
    .executableTarget(
      name: "event-follower",
      dependencies: ["RotationModel", .target(name: "TokenLedgerPostgres", condition: postgres)],
      path: "Tests/EventFollowerCommand", swiftSettings: settingsTouchingC),
    // What tools/cost-guard counts instructions and allocations of.
    .executableTarget(
      name: "operation-costs",
      dependencies: ["TokenTestInputs", "TokenEngine", "TokenLedger", "TokenSigning", "WriteAheadLog", system],
      path: "Tests/OperationCosts", swiftSettings: settings),
    .testTarget(name: "PlatformTests", dependencies: ["Platform", system], swiftSettings: settings),
    .testTarget(
      name: "LedgerProofTests", dependencies: ["LedgerProof", "LedgerTesting", "TokenLedger", "WriteAheadLog"],
      swiftSettings: settings),
    .testTarget(
      name: "WriteAheadLogTests",
      dependencies: ["Platform", "WriteAheadLog", "LedgerTesting", "CLZ4", system],
      resources: [.copy("Golden")],
      swiftSettings: settings
    ),
    .testTarget(
      name: "TokenLedgerTests",
      dependencies: ["Platform", "RotationModel", "TokenLedger", "LedgerTesting", "WriteAheadLog", system],
      swiftSettings: settings
    ),
    .testTarget(
      name: "TokenLedgerPostgresTests",
      dependencies: [
        "Platform", "RotationModel", "TokenLedgerPostgres", "PostgresTesting", "TokenTestInputs", "TokenLedger",
        "LedgerProof",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "TokenSigningTests", dependencies: ["Platform", "TokenSigning", "TokenTestInputs", "TokenTesting"],
      swiftSettings: settings),
    .testTarget(
      name: "TokenVerificationTests",
      dependencies: ["TokenVerification", "RotationModel", "TokenSigning", "TokenTestInputs"], swiftSettings: settings),
    .testTarget(
      name: "TokenClientTests", dependencies: ["TokenClient", "RotationModel", "TokenTestInputs"],
      swiftSettings: settings),
    .testTarget(
      name: "TokenEngineTests",
      dependencies: [
        "TokenEngine", "TokenLedger", "TokenSigning", "LedgerTesting", "TokenTesting", "PlainLibrary",
        "PostgresTesting", .target(name: "TokenLedgerPostgres", condition: postgres), system,
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "TokenObservabilityTests",
      dependencies: [
        "TokenObservability", "TokenEngine", "TokenTesting",
        .product(name: "InMemoryLogging", package: "swift-log", condition: observability),
        .product(name: "Logging", package: "swift-log", condition: observability),
        .product(name: "MetricsTestKit", package: "swift-metrics", condition: observability),
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "TokenAccountsTests",
      dependencies: [
        "TokenAccounts", "TokenEngine", "TokenLedger", "TokenSigning", "LedgerTesting", "TokenTesting",
        "PostgresTesting",
        .target(name: "TokenLedgerPostgres", condition: postgres),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "TokenHTTPTests",
      dependencies: [
        "RotationModel", "TokenConsole", "TokenHTTP", "TokenObservability", "TokenEngine", "TokenLedger",
        "TokenSigning", "LedgerTesting", "TokenTesting",
        .product(name: "Hummingbird", package: "hummingbird", condition: server),
        .product(name: "HummingbirdCore", package: "hummingbird", condition: server),
        .product(name: "HummingbirdTesting", package: "hummingbird", condition: server),
        .product(name: "HTTPTypes", package: "swift-http-types", condition: server),
        .product(name: "InMemoryLogging", package: "swift-log", condition: server),
        .product(name: "InMemoryTracing", package: "swift-distributed-tracing", condition: server),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "MetricsTestKit", package: "swift-metrics", condition: server),
        .product(name: "NIOCore", package: "swift-nio", condition: server),
        .product(name: "NIOHTTP1", package: "swift-nio", condition: server),
        system,
        .product(name: "Tracing", package: "swift-distributed-tracing", condition: server),
      ],
      swiftSettings: settings
    ),
    .testTarget(
      name: "RefreshRotationLoadTests", dependencies: ["RefreshRotationLoad", "TokenTestInputs"],
      swiftSettings: settings),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "refresh-ledger", "TokenClient", "TokenHTTP", "TokenObservability", "TokenLedger", "TokenVerification",
        "PostgresTesting", .target(name: "TokenLedgerPostgres", condition: postgres),
        .product(name: "CoreMetrics", package: "swift-metrics", condition: server),
        system,
      ],
      swiftSettings: settings),
  ]
)

// Parts of the package for the tools that build them many times.
let core: Set = [
  "Platform", "CSyncFileRange", "CChecksum", "CLZ4", "WriteAheadLog", "RotationModel", "TokenLedger", "TokenTestInputs",
  "LedgerTesting", "LedgerProof", "ledger-proof", "PlatformTests", "WriteAheadLogTests", "TokenLedgerTests",
  "LedgerProofTests",
]
let engine: Set = [
  "COpenSSL", "CArgon2", "CCrypt", "TokenSigning", "TokenVerification", "TokenEngine", "TokenAccounts", "TokenTesting",
  "TokenSigningTests",
  "TokenEngineTests", "TokenAccountsTests", "PlainLibrary", "operation-costs",
]
let shared: Set = [
  "Platform", "CSyncFileRange", "CChecksum", "CLZ4", "CLibPQ", "COpenSSL", "WriteAheadLog", "RotationModel",
  "TokenLedger", "TokenLedgerPostgres", "TokenTestInputs", "PostgresTesting", "LedgerTesting", "LedgerProof",
  "ledger-proof", "TokenLedgerPostgresTests", "event-follower",
]
@MainActor func keep(
  _ targets: Set<String>, products: Set<String>, traits: Set<Trait> = [], dependencies: Set<String>
) {
  package.targets.removeAll { !targets.contains($0.name) }
  for target in package.targets {
    target.dependencies.removeAll { dependency in
      switch dependency {
      case .targetItem(let name, _): !targets.contains(name)
      case .byNameItem(let name, _): !targets.contains(name)
      default: false
      }
    }
  }
  package.products.removeAll { !products.contains($0.name) }
  package.traits = traits
  package.dependencies = [
    .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.10.0"),
  ].filter { dependency in
    if case .sourceControl(_, let location, _) = dependency.kind {
      dependencies.contains { location.hasSuffix($0) }
    } else {
      false
    }
  }
}
if Context.environment["REFRESH_LEDGER_CORE"] != nil {
  // The log, the ledger and their tests.
  keep(core, products: ["TokenLedger"], dependencies: ["swift-system"])
} else if Context.environment["REFRESH_LEDGER_POSTGRES"] != nil {
  // The ledger in PostgreSQL and its tests.
  keep(
    shared, products: ["TokenLedgerPostgres"],
    traits: [.trait(name: "Postgres"), .default(enabledTraits: ["Postgres"])], dependencies: ["swift-system"])
} else if Context.environment["REFRESH_LEDGER_ENGINE"] != nil {
  // The same, and signing, engine and accounts with theirs.
  keep(
    core.union(engine), products: ["TokenEngine", "TokenAccounts", "TokenTesting"],
    dependencies: ["swift-system", "swift-service-lifecycle"])
} else if Context.environment["REFRESH_LEDGER_FUZZ"] != nil {
  // What tools/fuzz builds: all code that bytes from outside reach, instrumented for libFuzzer and AddressSanitizer.
  package.targets += [
    .systemLibrary(name: "CFuzzer", path: "Tests/Fuzzing/Driver"),
    // Of the HTTP adapter what needs no Hummingbird.
    .target(
      name: "TokenForm", dependencies: ["Platform"], path: "Sources/TokenHTTP/Form", swiftSettings: settings),
    .executableTarget(
      name: "ledger-fuzz",
      dependencies: [
        "CFuzzer", "Platform", "TokenForm", "TokenSigning", "TokenLedger", "WriteAheadLog", "LedgerTesting",
      ],
      path: "Tests/Fuzzing", exclude: ["Driver", "Corpus", "Dictionaries"],
      swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
    ),
  ]
  keep(
    [
      "Platform", "CSyncFileRange", "CChecksum", "CLZ4", "COpenSSL", "CFuzzer", "WriteAheadLog", "RotationModel",
      "TokenLedger", "TokenSigning", "TokenForm", "TokenTestInputs", "LedgerTesting", "ledger-fuzz",
    ],
    products: [], dependencies: ["swift-system"])
  for target in package.targets where target.type == .regular || target.type == .executable {
    if target.name == "CChecksum" {
      target.cSettings = [.unsafeFlags(["-fsanitize=address"])]
    } else {
      target.swiftSettings =
        (target.swiftSettings ?? []) + [
          .unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"])
        ]
    }
  }
}
// A tool that runs some suites alone builds no others, nor the proof where no test of it is one of them.
if let suites = Context.environment["REFRESH_LEDGER_SUITES"]?.split(separator: " ").map(String.init) {
  let needsProof = suites.contains("LedgerProofTests") || suites.contains("TokenLedgerPostgresTests")
  let proof: Set = needsProof ? [] : ["LedgerProof", "ledger-proof"]
  package.targets.removeAll { $0.type == .test && !suites.contains($0.name) || proof.contains($0.name) }
}
