import numpy as np
from numpy.typing import NDArray

def expand(
    tree: NDArray[np.uint8], nodes: int, record_size: int, starts: NDArray[np.uint32]
) -> None: ...
def lookup(
    tree: NDArray[np.uint8],
    nodes: int,
    record_size: int,
    starts4: NDArray[np.uint32],
    starts6: NDArray[np.uint32],
    bits4: int,
    bits6: int,
    version: NDArray[np.uint8],
    hi: NDArray[np.uint64],
    lo: NDArray[np.uint64],
    rows: NDArray[np.int64],
    seed: int,
    cache: NDArray[np.uint64],
    codes: NDArray[np.int64],
) -> None: ...
