// What the stores speak of, subjects, clients and scopes, is the engine's: with this, `import TokenAccounts` is all that a file of an embedder
// needs, also under the upcoming feature MemberImportVisibility.

@_exported public import TokenEngine
