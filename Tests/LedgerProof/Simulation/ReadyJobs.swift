internal import Glibc
internal import LedgerTesting

/// The jobs that could run now, of which the seed picks the next.
///
/// All of them run on one thread, the one that made it.
///
/// `@unchecked`: only that thread touches it. A job that comes from another one shows that something ran outside of the
/// simulation; it is not taken, only counted, and the run that it belongs to says so.
final class ReadyJobs: @unchecked Sendable {
  /// Which jobs the seed prefers, so that long waits and large batches occur as well as fair turns.
  enum Bias: UInt8, CaseIterable {
    case none
    /// Those of the log come late.
    case starvesLog
    /// Those of the clients come late.
    case starvesClients
    /// None: they run in order of arrival.
    case inOrder
  }

  private struct Entry {
    enum Work {
      case job(UnownedJob)
      case resume(UnsafeContinuation<Void, Never>)
    }

    let work: Work
    let isOfLog: Bool
  }

  private var entries: [Entry] = []
  private var first = 0
  private var random: SeededGenerator
  private let bias: Bias
  private let trace: SimulationTrace
  private let thread = pthread_self()
  private(set) var strangers = 0
  private(set) var jobsRun = 0
  private lazy var clients = ClientExecutor(self)
  private lazy var log = LogExecutor(self)

  init(seed: UInt64, bias: Bias, trace: SimulationTrace) {
    random = SeededGenerator(seed: seed)
    self.bias = bias
    self.trace = trace
  }

  /// For tasks; default actors follow it.
  var taskExecutor: any TaskExecutor { clients }
  /// For the log's actor.
  var logExecutor: any SerialExecutor & TaskExecutor { log }

  fileprivate func append(_ job: UnownedJob, isOfLog: Bool) {
    guard pthread_equal(thread, pthread_self()) != 0 else {
      strangers += 1
      return
    }
    entries.append(Entry(work: .job(job), isOfLog: isOfLog))
  }

  /// Runs one job; false if there is none.
  func runOne() -> Bool {
    guard let entry = take() else { return false }
    jobsRun += 1
    switch entry.work {
    case .resume(let continuation): continuation.resume()
    case .job(let job) where entry.isOfLog:
      job.runSynchronously(isolatedTo: log.asUnownedSerialExecutor(), taskExecutor: log.asUnownedTaskExecutor())
    case .job(let job):
      // As of a serial executor: then a change to another actor is a job of its own, which others may come before.
      job.runSynchronously(
        isolatedTo: clients.asUnownedSerialExecutor(), taskExecutor: clients.asUnownedTaskExecutor())
    }
    return true
  }

  private func take() -> Entry? {
    guard first < entries.count else { return nil }
    let waiting = entries.count - first
    var index = first
    if waiting > 1, bias != .inOrder {
      index += Int(truncatingIfNeeded: random.next() % UInt64(waiting))
      // A second draw for a job that is to come late.
      let isLate = bias == .starvesLog && entries[index].isOfLog || bias == .starvesClients && !entries[index].isOfLog
      if isLate { index = first + Int(truncatingIfNeeded: random.next() % UInt64(waiting)) }
    }
    trace.mix(index - first)
    trace.mix(waiting)
    let entry = entries[index]
    if index != first { entries[index] = entries[first] }
    first += 1
    if first == entries.count {
      entries.removeAll(keepingCapacity: true)
      first = 0
    }
    return entry
  }

  /// Lets other jobs run first.
  func pause() async {
    await withUnsafeContinuation { entries.append(Entry(work: .resume($0), isOfLog: false)) }
  }
}

/// Runs tasks and default actors.
///
/// `@unchecked`: it holds nothing but the ready jobs.
private final class ClientExecutor: SerialExecutor, TaskExecutor, @unchecked Sendable {
  private unowned let ready: ReadyJobs

  init(_ ready: ReadyJobs) {
    self.ready = ready
  }

  func enqueue(_ job: consuming ExecutorJob) {
    ready.append(UnownedJob(job), isOfLog: false)
  }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    UnownedSerialExecutor(ordinary: self)
  }
}

/// Runs the log's actor, as a thread of its own would.
///
/// `@unchecked`: it holds nothing but the ready jobs.
private final class LogExecutor: SerialExecutor, TaskExecutor, @unchecked Sendable {
  private unowned let ready: ReadyJobs

  init(_ ready: ReadyJobs) {
    self.ready = ready
  }

  func enqueue(_ job: consuming ExecutorJob) {
    ready.append(UnownedJob(job), isOfLog: true)
  }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    UnownedSerialExecutor(ordinary: self)
  }
}
