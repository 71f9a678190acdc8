/// Why a text is not the strict JSON that is wanted here, and at which byte.
struct JSONFault: Error, Equatable, CustomStringConvertible {
  enum Reason: String {
    case notUTF8 = "is not UTF-8"
    case notObject = "is not a JSON object"
    case unexpected = "is not JSON"
    case badEscape = "has a bad escape in a string"
    case loneSurrogate = "has half of a surrogate pair in a string"
    case controlCharacter = "has a control character in a string"
    case duplicateName = "names a member twice"
    case tooDeep = "is nested more than 8 deep"
    case tooMany = "has too many members or elements"
    case trailing = "goes on after its end"
  }

  let reason: Reason
  let offset: Int

  var description: String { "\(reason.rawValue) (byte \(offset))" }
}
