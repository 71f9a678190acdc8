internal import NIOCore

/// An executor that runs the steps of a task on an event loop: a task that begins there and ends there does not wake
/// another thread in between.
///
/// What such a task calls must not block, as nothing on an event loop may.
final class EventLoopTasks: TaskExecutor {
  private let eventLoop: any EventLoop

  init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    eventLoop.execute { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
