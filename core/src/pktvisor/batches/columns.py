"""Declare a batch's columns once: storage, type, unit and meaning in one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

if TYPE_CHECKING:
    from pktvisor.batches.table import Table

__all__ = ["Array", "Column"]

Array = NDArray[Any]


class Column:
    """One named column of a `Table` subclass.

    Read on an instance it gives the values (a read-only array, one entry a row); read on the class
    it gives this declaration, from which the reference page is made.
    """

    def __init__(self, dtype: DTypeLike, unit: str, meaning: str) -> None:
        self.dtype = np.dtype(dtype)
        self.unit = unit
        self.meaning = meaning
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, table: None, owner: type) -> Column: ...
    @overload
    def __get__(self, table: Table, owner: type) -> Array: ...
    def __get__(self, table: Table | None, owner: type) -> Column | Array:
        if table is None:
            return self
        values = table.column(self.name)
        vars(table)[self.name] = values  # found before this declaration from now on
        return values

    def __repr__(self) -> str:
        return f"Column({self.name!r}, {self.dtype}, {self.unit!r})"
