// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target that also compiles in Embedded Swift (trait `Embedded`).
let embedded: [SwiftSetting] = [
  .enableExperimentalFeature("Embedded", .when(traits: ["Embedded"]))
]

let package = Package(
  name: "edgert",
  products: [
    .library(name: "edgert", type: .dynamic, targets: ["EdgeABI"]),
    .library(name: "edgerts", type: .static, targets: ["EdgeABI"]),
    .executable(name: "edgerun", targets: ["edgerun"]),
    .executable(name: "edgeconv", targets: ["edgeconv"]),
  ],
  traits: [
    .trait(name: "Embedded", description: "The runtime without the Swift runtime library")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // On the board.
    .target(name: "CEdgeHost"),
    .target(
      // Loops worth unrolling are unrolled by hand: the compiler would add a quarter to the library.
      name: "CEdgeKernels",
      cSettings: [
        .unsafeFlags([
          "-ffp-contract=off", "-O2", "-fno-unroll-loops", "-fno-asynchronous-unwind-tables",
        ])
      ],
      linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    .target(name: "CEdgeRT"),
    .target(name: "EdgeFormat", swiftSettings: embedded),
    .target(
      name: "EdgeRuntime", dependencies: ["EdgeFormat", "CEdgeKernels", "CEdgeHost"],
      swiftSettings: embedded),
    .target(name: "EdgeABI", dependencies: ["EdgeRuntime", "CEdgeRT"], swiftSettings: embedded),
    .target(
      name: "CEdgeMedia",
      linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png"), .linkedLibrary("z")]),
    .target(
      name: "EdgeSamples", dependencies: ["CEdgeMedia", "CEdgeHost", "EdgeFormat"],
      swiftSettings: embedded),
    .executableTarget(
      name: "edgerun", dependencies: ["CEdgeRT", "EdgeABI", "EdgeSamples", "CEdgeHost"],
      swiftSettings: embedded),

    // On the workstation.
    .target(
      name: "COnnx",
      cxxSettings: [.define("ONNX_ML", to: "1"), .define("ONNX_NAMESPACE", to: "onnx")],
      linkerSettings: [
        .linkedLibrary("onnx"), .linkedLibrary("onnx_proto"), .linkedLibrary("protobuf"),
        .linkedLibrary("stdc++"),
      ]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .target(
      name: "EdgeConvert",
      dependencies: [
        "COnnx", "COpenBLAS", "EdgeRuntime", "EdgeFormat", "EdgeSamples", "CEdgeKernels",
      ]),
    .executableTarget(
      name: "edgeconv",
      dependencies: [
        "EdgeConvert", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Tests.
    .target(
      name: "EdgeTestSupport",
      dependencies: ["EdgeRuntime", "EdgeFormat", "CEdgeKernels", "CEdgeHost"],
      path: "Tests/EdgeTestSupport"),
    .testTarget(
      name: "EdgeRuntimeTests",
      dependencies: ["EdgeRuntime", "EdgeFormat", "EdgeTestSupport", "CEdgeKernels"]),
    .testTarget(
      name: "EdgeKernelTests", dependencies: ["CEdgeKernels"], exclude: ["programs"]),
    .testTarget(name: "EdgeHostTests", dependencies: ["CEdgeHost"]),
    .testTarget(name: "EdgeSamplesTests", dependencies: ["EdgeSamples", "EdgeFormat"]),
    .testTarget(
      name: "EdgeConvertTests", dependencies: ["EdgeConvert", "EdgeFormat", "CEdgeKernels"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17)
