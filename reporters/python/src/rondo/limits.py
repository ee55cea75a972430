"""Bounds of the wire; a test compares them with `protocol/fixtures/limits.json`."""

CLIENT_ID = 64
ID = 128
NAME = 128
REASON = 2_000
MESSAGE = 8_000
ENTRIES = 256
CONFIG_BYTES = 65_536
CONFIG_DEPTH = 32
SELECTED_CLIENTS = 100_000
BATCH_EVENTS = 10_000
BATCH_BYTES = 8 * 1024 * 1024
ROUND = 2_147_483_647
#: The largest whole number that JavaScript holds exactly.
COUNT = 2**53 - 1
