// What options and errors of the ledger are made of: with these, `import TokenLedger` is all that an embedder needs, also under the upcoming
// feature MemberImportVisibility.

@_exported public import RotationModel
@_exported public import SystemPackage
@_exported public import WriteAheadLog
