from pktvisor.batches import Array

def drain(
    ring: Array,
    halves: Array,
    words: Array,
    block_size: int,
    block_count: int,
    cooked: bool,
    arena: Array,
    timestamp_ns: Array,
    captured_length: Array,
    wire_length: Array,
    frame_offset: Array,
    interface: Array,
    state: Array,
) -> None: ...
