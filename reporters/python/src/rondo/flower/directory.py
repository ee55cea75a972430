"""The known nodes, and the names of their clients."""

from __future__ import annotations

from collections.abc import Iterable

from rondo.adapters import naming


class Directory:
    """A node has one name for as long as the run lasts, so that its client stays one client."""

    def __init__(self, names: naming.ClientNames, named_by_clients: bool) -> None:
        self._names = names
        self._named_by_clients = named_by_clients
        self._learned: dict[int, str] = {}
        self._nodes: set[int] = set()

    def name_of(self, node_id: int) -> str:
        return self._learned.get(node_id) or naming.client_name(node_id, self._names)

    def is_named(self, node_id: int) -> bool:
        """Return True if its name is known: clients that name themselves do so in their first reply."""
        return not self._named_by_clients or node_id in self._learned

    def learn(self, node_id: int, name: object) -> bool:
        """Takes the name that a client gives itself; whether that is news."""
        if not self._named_by_clients or node_id in self._learned or name is None:
            return False
        self._learned[node_id] = str(name)
        return True

    def forget_presence(self) -> None:
        """All nodes are news again; their names stay."""
        self._nodes = set()

    def look(self, node_ids: Iterable[int]) -> tuple[list[int], list[int]]:
        """Those that have come and those that have gone since the last look, as far as they have names."""
        now = set(node_ids)
        came, went = now - self._nodes, self._nodes - now
        self._nodes = now
        return [node for node in sorted(came) if self.is_named(node)], [n for n in sorted(went) if self.is_named(n)]
