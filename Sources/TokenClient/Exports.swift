// The module of the scopes, ids and clocks in requests and replies. With this, `import TokenClient` is all that a
// caller of the server needs, even under the upcoming feature MemberImportVisibility.

@_exported public import RotationModel
