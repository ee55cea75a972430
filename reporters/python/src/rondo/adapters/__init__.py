"""Shared by the adapters."""
