"""Events on disk that the server has not accepted yet. The format is R18 to R27 of `protocol/SPEC.md`."""
