"""What was reported and not yet taken by the server, on disk. The format is R18 to R27 of `protocol/SPEC.md`."""
