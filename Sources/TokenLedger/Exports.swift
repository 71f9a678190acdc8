// The modules of the types in the ledger's options and errors. With these, `import TokenLedger` is all that an embedder
// needs, even under the upcoming feature MemberImportVisibility.

@_exported public import RotationModel
@_exported public import SystemPackage
@_exported public import WriteAheadLog
