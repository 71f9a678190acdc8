"""The rules of the house that neither the compiler nor swift-format checks."""
