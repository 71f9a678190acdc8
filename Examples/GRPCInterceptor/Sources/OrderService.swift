import GRPCCore
import TokenVerification

/// Two methods without generated code, which an example can do without: one message, and several.
struct OrderService: RegistrableRPCService {
  static let count = MethodDescriptor(fullyQualifiedService: "Orders", method: "Count")
  static let list = MethodDescriptor(fullyQualifiedService: "Orders", method: "List")

  func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
    router.registerHandler(forMethod: Self.count, deserializer: UTF8Text(), serializer: UTF8Text()) { _, _ in
      // Asked for while the handler runs.
      let caller = Caller.current?.subject ?? "nobody"
      return StreamingServerResponse(single: ServerResponse(message: "\(caller) has 2 orders"))
    }
    router.registerHandler(forMethod: Self.list, deserializer: UTF8Text(), serializer: UTF8Text()) { _, _ in
      StreamingServerResponse(of: String.self) { writer in
        // Asked for after the handler has returned.
        for order in 1...2 { try await writer.write("order \(order) of \(Caller.current?.subject ?? "nobody")") }
        return [:]
      }
    }
  }
}

struct UTF8Text: MessageSerializer, MessageDeserializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: String) throws -> Bytes { Bytes(Array(message.utf8)) }

  func deserialize<Bytes: GRPCContiguousBytes>(_ serialized: Bytes) throws -> String {
    serialized.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }
}
