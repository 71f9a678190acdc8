internal import TokenEngine

// What a request brought that is secret: nothing that is printed shows it.

extension AuthorizationCredentials: RedactedValue {}
extension ClientCredentials: RedactedValue {}
extension FormParameters: RedactedValue {}
