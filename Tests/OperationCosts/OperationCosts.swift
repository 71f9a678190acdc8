import Glibc

/// Does one operation so many rounds, for a program around it that counts what that costs.
@main
struct OperationCosts {
  static let usage = """
    usage: operation-costs OPERATION ROUNDS FOLDER
           operation-costs --list

    Does the operation so many rounds; FOLDER, which must not exist, takes its log. --list shows, in columns, the rounds to
    begin with, the units of work in a round and the name of each operation.
    """

  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments == ["--list"] {
      for operation in Operation.all {
        print(operation.rounds, operation.unitsPerRound, operation.name, separator: "\t")
      }
      return
    }
    guard arguments.count == 3, let operation = Operation.all.first(where: { $0.name == arguments[0] }),
      let rounds = Int(arguments[1]), rounds >= 0
    else {
      print(usage)
      exit(64)
    }
    try OneThread.shared.run { try await operation.run(rounds, arguments[2]) }
  }
}
