/// Opens the sessions that a load begins with.
struct SessionOpening: Sendable {
  let target: any RotationTarget
  let count: Int
  /// How many at the same time.
  let callers: Int

  private static let callersMax = 64

  /// `onProgress` is told how many there are. The first session that cannot be had ends the opening; it is opened alone, so that a
  /// wrong password is one failed log-in and not many.
  func open(onProgress: @Sendable (Int) -> Void) async throws(TargetFailure) -> [IssuedToken] {
    let opening = PatientOpening(target: target)
    let callers = min(callers, Self.callersMax)
    let result = await withTaskGroup(of: Result<IssuedToken, TargetFailure>.self) { group in
      var tokens: [IssuedToken] = []
      tokens.reserveCapacity(count)
      func begin() {
        group.addTask {
          do throws(TargetFailure) { return .success(try await opening.open()) } catch { return .failure(error) }
        }
      }
      begin()
      var begun = 1
      while let result = await group.next() {
        switch result {
        case .success(let token):
          tokens.append(token)
          onProgress(tokens.count)
        case .failure(let failure):
          group.cancelAll()
          return Result<[IssuedToken], TargetFailure>.failure(failure)
        }
        while begun < min(count, tokens.count + callers) {
          begin()
          begun += 1
        }
      }
      return .success(tokens)
    }
    return try result.get()
  }
}
