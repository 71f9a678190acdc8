// The modules of the types in the engine's options, outcomes and errors. With these, `import TokenEngine` is all that
// an embedder needs, even under the upcoming feature MemberImportVisibility. TokenLedger brings FilePath, Durability
// and LogError.

@_exported public import TokenLedger
@_exported public import TokenSigning
@_exported public import TokenVerification

#if Postgres
@_exported public import TokenLedgerPostgres
#endif
