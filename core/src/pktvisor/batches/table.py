"""Rows stored as columns: the shape of every batch and of every stage's output."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, ClassVar, Self, TypeAlias, TypeVar

import numpy as np

from pktvisor.batches.columns import Array, Column

__all__ = ["Selection", "Table"]

Selection: TypeAlias = "slice | Array"

Derived = TypeVar("Derived")


class Table:
    """A set of equally long, read-only columns.

    `slice` and `take` give tables that read their columns from this one when they are first asked
    for, so handing on a selection costs only the columns that are used. Nothing that came from a
    table may outlive the call it was handed to: keep copies, not views.
    """

    columns: ClassVar[Mapping[str, Column]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        found = dict(cls.columns)
        found.update({n: c for n, c in vars(cls).items() if isinstance(c, Column)})
        cls.columns = found

    def __init__(self, size: int, columns: Mapping[str, Array]) -> None:
        """Take ownership of `columns` (one array of length `size` each) and make them read-only."""
        self._size = size
        self._columns: dict[str, Array] = dict(columns)
        self._memo: dict[Hashable, Any] = {}
        self._source: Table | None = None
        self._selection: Selection = slice(0, size)
        for values in self._columns.values():
            values.flags.writeable = False
        # Found before the declarations of the class, and so without a call of their `__get__`.
        vars(self).update(self._columns)

    def __len__(self) -> int:
        return self._size

    def column(self, name: str) -> Array:
        """The values of a column by name; KeyError when this table has no such column."""
        values = self._columns.get(name)
        if values is None:
            if self._source is None:
                raise KeyError(f"{type(self).__name__} has no column {name!r}")
            values = self._source.column(name)[self._selection]
            values.flags.writeable = False
            self._columns[name] = values
        return values

    @property
    def nbytes(self) -> int:
        """Memory behind the columns that were read or made so far."""
        return sum(values.nbytes for values in self._columns.values())

    def with_column(self, name: str, values: Array) -> Self:
        """The same table with other values in one column."""
        table = self._selected(slice(0, self._size), self._size)
        values.flags.writeable = False
        table._columns[name] = values
        return table

    def derived(self, key: Hashable, compute: Callable[[Self], Derived]) -> Derived:
        """`compute(self)`, worked out once for all readers of this table under `key`.

        Use the computing function or a tuple that starts with your plugin's name as the key.
        """
        if key not in self._memo:
            self._memo[key] = compute(self)
        found: Derived = self._memo[key]
        return found

    def slice(self, start: int, stop: int) -> Self:
        """Rows `start` to `stop - 1`; the whole table is returned as it is."""
        if start <= 0 and stop >= self._size:
            return self
        start, stop = max(start, 0), min(stop, self._size)
        return self.derived(
            ("slice", start, stop),
            lambda table: table._selected(slice(start, stop), max(stop - start, 0)),
        )

    def take(self, rows: Array) -> Self:
        """The given rows in the given order, repeats allowed; `rows` are int64 row indices."""
        return self._selected(rows, len(rows))

    def _selected(self, selection: Selection, size: int) -> Self:
        table = type(self).__new__(type(self))
        Table.__init__(table, size, {})
        table._source = self
        table._selection = selection
        return table

    @classmethod
    def allocate(cls, size: int) -> dict[str, Array]:
        """Uninitialised columns of the declared types, for a kernel to fill."""
        return {name: np.empty(size, column.dtype) for name, column in cls.columns.items()}
