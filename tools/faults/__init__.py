"""What the tools share that do harm to a running server and then ask whether it kept its word."""
