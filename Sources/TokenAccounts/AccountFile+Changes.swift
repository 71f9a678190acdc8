extension AccountFile {
  /// Adds an entry at the end of the file.
  func add(_ entry: Entry) throws(AccountFailure) {
    try update { document throws(AccountFailure) in
      guard document[entry.name] == nil else { throw .exists(Entry.kind, name: entry.name) }
      guard document.entries.count < AccountText.entriesMax else { throw .full(Entry.kind, path: path) }
      document.append(entry)
    }
  }

  /// Changes one entry in place. `change` must not change the name.
  func edit(
    name: String, _ change: (inout Entry) throws(AccountFailure) -> Void
  ) throws(AccountFailure) {
    try update { document throws(AccountFailure) in
      guard var entry = document[name] else { throw .unknown(Entry.kind, name: name) }
      try change(&entry)
      document.replace(entry)
    }
  }

  func remove(name: String) throws(AccountFailure) {
    try update { document throws(AccountFailure) in
      guard document[name] != nil else { throw .unknown(Entry.kind, name: name) }
      document.remove(name: name)
    }
  }
}
