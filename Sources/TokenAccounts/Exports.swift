// The module of subjects, clients and scopes. With this, `import TokenAccounts` is all that a file of an embedder
// needs, even under the upcoming feature MemberImportVisibility.

@_exported public import TokenEngine
