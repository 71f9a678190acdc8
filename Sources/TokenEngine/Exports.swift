// What options, outcomes and errors of the engine are made of: with these, `import TokenEngine` is all that an embedder needs, also under
// the upcoming feature MemberImportVisibility. TokenLedger brings FilePath, Durability and LogError along.

@_exported public import TokenLedger
@_exported public import TokenSigning

#if Postgres
@_exported public import TokenLedgerPostgres
#endif
