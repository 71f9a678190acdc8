/// On what a run was measured. Names no host.
public struct LoadMachine: Sendable, Codable, Equatable {
  public var system: String
  public var processor: String
  public var cores: Int
  public var memoryBytes: Int64
  /// Seconds of processor time that the load generator used: near the seconds of the run times the cores, it was the bottleneck.
  public var generatorSeconds: Double

  enum CodingKeys: String, CodingKey {
    case system, processor, cores
    case memoryBytes = "memory_bytes"
    case generatorSeconds = "generator_cpu_seconds"
  }

  public init(system: String, processor: String, cores: Int, memoryBytes: Int64, generatorSeconds: Double) {
    self.system = system
    self.processor = processor
    self.cores = cores
    self.memoryBytes = memoryBytes
    self.generatorSeconds = generatorSeconds
  }
}
