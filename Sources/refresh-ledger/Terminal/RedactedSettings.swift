import TokenEngine

extension AdminServer: RedactedValue {}
extension FirstStart: RedactedValue {}
