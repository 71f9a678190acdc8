import CFuzzer
import Glibc

/// What bytes from outside reach, each with the properties that must hold whatever they are.
enum FuzzTarget: String, CaseIterable {
  /// The frames and segments of a log, and its repair.
  case frames
  /// The ledger's records and their replay.
  case records
  /// The entries of a checkpoint, and the state that they restore.
  case checkpoint
  /// Our own tokens and those of others.
  case tokens
  /// DPoP proofs, with the URIs and nonces in them.
  case proofs
  /// JSON, key sets and the keys in them.
  case json
  /// The form of a request.
  case form
}

/// `ledger-fuzz TARGET [libFuzzer's options and files]`, called by the C runtime as `main`.
///
/// libFuzzer's merge starts this program again without the target, which it finds in the environment then.
@_cdecl("ledger_fuzz_main")
func ledgerFuzzMain(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
  let variable = "LEDGER_FUZZ_TARGET"
  let named = count > 1 ? arguments[1].flatMap { FuzzTarget(rawValue: String(cString: $0)) } : nil
  guard let target = named ?? getenv(variable).flatMap({ FuzzTarget(rawValue: String(cString: $0)) }) else {
    let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")
    say("usage: ledger-fuzz \(names) [OPTION of libFuzzer, FILE, FOLDER]...; see tools/fuzz --help")
    return 64
  }
  setenv(variable, target.rawValue, 1)
  var count = count
  var rest: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = arguments
  if named != nil {
    // libFuzzer takes the program's name and what follows the target.
    arguments[1] = arguments[0]
    count -= 1
    rest = arguments + 1
  }
  return LLVMFuzzerRunDriver(&count, &rest, target.oneInput)
}

extension FuzzTarget {
  fileprivate var oneInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt {
    switch self {
    case .frames: { FuzzTarget.run(FrameTarget.self, $0, $1) }
    case .records: { FuzzTarget.run(RecordTarget.self, $0, $1) }
    case .checkpoint: { FuzzTarget.run(CheckpointTarget.self, $0, $1) }
    case .tokens: { FuzzTarget.run(TokenTarget.self, $0, $1) }
    case .proofs: { FuzzTarget.run(ProofTarget.self, $0, $1) }
    case .json: { FuzzTarget.run(JSONTarget.self, $0, $1) }
    case .form: { FuzzTarget.run(FormTarget.self, $0, $1) }
    }
  }

  private static func run<Target: OneInput>(_: Target.Type, _ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = InputBytes(Array(UnsafeBufferPointer(start: bytes, count: count)))
    Target.run(&input)
    return 0
  }
}
