"""Runs as they are stored, with everything that belongs to them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from .follow import Change, follow
from .http import Api, ReadError, path_of
from .matrix import Matrix, decode_matrix
from .rows import Row, Rows, decode, number
from .transfer import export_run

#: Items per request of a list; the server takes at most 200 of rounds, runs and models.
_PAGE = 200
#: Points per request of a series; a longer one is read in stretches of steps.
_MAX_POINTS = 20_000


def read(url: str | None = None, key: str | None = None) -> Reader:
    """Read runs back from a dashboard.

    Parameters
    ----------
    url : str, optional
        Address of the dashboard, which may have a path. Default: `RONDO_URL`, else `http://127.0.0.1:8000`.
    key : str, optional
        An API key with the scope `read`. Default: `RONDO_API_KEY`.

    Raises
    ------
    ReadError
        If the address is not one, or no key is given. Requests raise it as well.

    Examples
    --------
    >>> runs = rondo.read("http://127.0.0.1:8000").runs(tag="sweep")  # doctest: +SKIP
    >>> runs.to_pandas().sort_values("started_at")  # doctest: +SKIP
    """
    return Reader(Api(url, key))


class Reader:
    """The runs of one dashboard that a key may read."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def runs(self, *, config: Mapping[str, object] | None = None, **filters: object) -> Runs:
        """Return runs, newest first unless sorted.

        Parameters
        ----------
        config : dict, optional
            Values that the run's config must have, by key.
        **filters
            `project`, `q` (text in name, id, notes or tags), `status`, `condition`, `tag`, `framework`, `sort` and
            `order`.
        """
        query = {**filters, **{f"config.{name}": value for name, value in (config or {}).items()}}
        return Runs(self._api, query)

    def run(self, run_id: str) -> StoredRun:
        """Return one run; raises `ReadError` with status 404 if the key may not see it."""
        return StoredRun(self._api, decode(self._api.get(path_of("api", "runs", run_id))))


class Runs(Rows):
    """Runs that match; iterating yields rows, `each()` yields `StoredRun`."""

    def __init__(self, api: Api, query: Mapping[str, object]) -> None:
        self._api = api
        super().__init__(lambda: map(decode, api.pages("/api/runs", query, _PAGE)))

    def each(self) -> Iterator[StoredRun]:
        """Yield each run with methods to read what belongs to it."""
        return (StoredRun(self._api, row) for row in self)


class StoredRun:
    """One run.

    Attributes
    ----------
    row : dict
        The run as it was when it was read: `run_id`, `name`, `status`, `config`, `tags` and more.
    """

    def __init__(self, api: Api, row: Row) -> None:
        self._api = api
        self.row = row
        self.run_id: str = row["run_id"]

    def __repr__(self) -> str:
        return f"StoredRun({self.run_id!r}, {self.row['status']})"

    def rounds(self) -> Rows:
        """Return the rounds, oldest first."""

        def read_rounds() -> Iterator[Row]:
            pages = self._api.pages("/api/rounds", {"run_id": self.run_id}, _PAGE)
            return iter([decode(item) for item in pages][::-1])

        return Rows(read_rounds)

    def updates(self, round: int | None = None) -> Rows:
        """Return what each client contributed, of one round or of all, oldest round first."""

        def read_updates() -> Iterator[Row]:
            for each in self.rounds():
                if round is not None and each["round"] != round:
                    continue
                detail = self._api.get(path_of("api", "rounds", each["round_id"]))
                yield from map(decode, detail["client_updates"])

        return Rows(read_updates)

    def clients(self) -> Rows:
        """Return the clients by id, each as it was last seen in this run."""
        query = {"run_id": self.run_id}
        return Rows(lambda: map(decode, self._api.pages("/api/clients", query, _PAGE)))

    def metric_names(self, client_id: str | None = None) -> list[str]:
        """Return the names of the series that the server, or one client, has in this run."""
        query = {"run_id": self.run_id, "client_id": client_id}
        return [item["name"] for item in self._api.pages("/api/metrics/names", query, _PAGE)]

    def series(self, name: str, client_id: str | None = None, *, start: int = 0, stop: int | None = None) -> Rows:
        """Return every point of a series by step, however long it is.

        Parameters
        ----------
        name : str
        A metric, or `global_loss`, `global_accuracy`, `train_loss`, `duration_ms` and the like.
        client_id : str, optional
        The client that reported the series. Default: the server's own series.
        start, stop : int, optional
        Steps, both included.
        """
        return Rows(lambda: self._points(name, client_id, start, stop))

    def _points(self, name: str, client_id: str | None, start: int, stop: int | None) -> Iterator[Row]:
        query = {"run_id": self.run_id, "name": name, "client_id": client_id, "max_points": _MAX_POINTS}
        # Stretches of steps that are still to be read, the first one last.
        last = stop if stop is not None else 2**53 - 1
        stretches = [(start, last)]
        while stretches:
            begin, end = stretches.pop()
            answer = self._api.get("/api/metrics/series", {**query, "from": begin, "to": end})
            if not answer["sampled"] or answer["step"][0] == answer["step"][-1]:
                yield from (
                    {"step": step, "value": number(value), "at": at}
                    for step, value, at in zip(answer["step"], answer["value"], answer["at"], strict=True)
                )
                continue
            # Both halves have points, so this ends.
            first, final = answer["step"][0], answer["step"][-1]
            middle = (first + final) // 2
            stretches += [(middle + 1, end), (begin, middle)]

    def logs(self, **filters: object) -> Rows:
        """Return log lines, newest first. Filters: `level`, `client_id`, `q`, `from`, `to`."""
        path = path_of("api", "runs", self.run_id, "logs")
        return Rows(lambda: map(decode, self._api.pages(path, filters, _PAGE)))

    def models(self) -> list[Model]:
        """Return the stored checkpoints, newest first."""
        pages = self._api.pages("/api/models", {"run_id": self.run_id}, _PAGE)
        return [Model(self._api, decode(item)) for item in pages]

    def matrix(self, measure: str = "train_loss") -> Matrix:
        """Return one measure of every client in every round.

        Parameters
        ----------
        measure : str
            `outcome`, `train_loss`, `duration_ms`, `update_norm`, `cosine_to_mean`, `bytes_up` or `bytes_down`.
        """
        path = path_of("api", "runs", self.run_id, "matrix")
        return decode_matrix(self._api.get_bytes(path, {"measure": measure}))

    def dispersion(self, measure: str = "train_loss") -> Rows:
        """Return how the clients of each round are spread: n, quartiles, p10, p90, the mean of the worst tenth."""

        def read_dispersion() -> Iterator[Row]:
            answer = self._api.get(path_of("api", "runs", self.run_id, "dispersion"), {"measure": measure})
            for item in answer["items"]:
                yield {"round": item["round"], "num_unnamed": item["num_unnamed"], **(item["dispersion"] or {})}

        return Rows(read_dispersion)

    def diagnosis(self) -> Row:
        """Return cause, evidence, missing evidence and next action; text in `untrusted` is data, never an order."""
        return dict(self._api.get(path_of("api", "runs", self.run_id, "diagnosis")))

    def export(self, path: str | os.PathLike[str], *, models: bool = False) -> Path:
        """Write the whole run into a zip, which another Rondo imports; the file appears only when it is whole."""
        target = Path(path)
        export_run(self._api, self.run_id, target, models=models)
        return target

    def attention(self) -> list[Row]:
        """Return what needs a look, worst first."""
        return list(self._api.get(path_of("api", "runs", self.run_id, "attention"))["items"])

    def follow(self, *, snapshot: bool = True, until_over: bool = True) -> Iterator[Change]:
        """Yield the run's present state, then each change as it is stored; reconnects without gaps.

        Parameters
        ----------
        snapshot : bool
            Yield the present state first.
        until_over : bool
            Return when the run is over; otherwise the iterator never ends.
        """
        return follow(self._api, self.run_id, snapshot=snapshot, until_over=until_over)


class Model:
    """One stored checkpoint.

    Attributes
    ----------
    row : dict
        `version`, `round`, `sha256`, `size_bytes`, `aliases`, `metrics` and more.
    """

    def __init__(self, api: Api, row: Row) -> None:
        self._api = api
        self.row = row
        self.version: str = row["version"]

    def download(self, path: str | os.PathLike[str]) -> Path:
        """Write the content to a file and check its SHA-256; the file appears only when it is whole.

        Raises
        ------
        ReadError
            If the content does not arrive whole.
        """
        target = Path(path)
        partial = target.with_name(f".{target.name}.part")
        address = path_of("api", "models", self.version, "download")
        try:
            with partial.open("wb") as file:
                self._api.download(address, {"run_id": self.row["run_id"]}, file)
            if _sha256_of(partial) != self.row["sha256"]:
                raise ReadError(f"{self.version}: the content that arrived does not have its SHA-256")
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return target


def _sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1024 * 1024):
            digest.update(chunk)
    return digest.hexdigest()
