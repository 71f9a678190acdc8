// The module of the ids, scopes and clocks in the verifier's results and options. With this, `import TokenVerification`
// is all that a resource server needs, even under the upcoming feature MemberImportVisibility.

@_exported public import RotationModel
