#if Postgres
extension SchemaUpgrade {
  /// Version 2: the keys and the attributes of sessions, and the proofs of keys that were accepted.
  ///
  /// It serves no program of version 1: that would rotate a session without the key that it is bound to. The constraint
  /// is not checked for the rows that are there, since none of them has such a value.
  static let keys = SchemaUpgrade(
    version: 2, oldestProgram: 2,
    script: """
      alter table session add column key bytea, add column access_key bytea, add column attributes bytea;
      alter table session add constraint session_parts check (
        (key is null or octet_length(key) = \(Digest256.byteCount) and access_key is null)
        and (access_key is null or octet_length(access_key) = \(Digest256.byteCount))
        and (attributes is null or octet_length(attributes) between 1 and \(SessionGrant.attributesBytesMax))) not valid;
      create table used_proof (
        digest bytea primary key check (octet_length(digest) = \(Digest256.byteCount)),
        until_ms int8 not null,
        attempt int8 not null
      );
      create index used_proof_end on used_proof (until_ms);
      """)
}
#endif
