"""`tls_hello`: a mask finds the few packets that start a TLS session; those are read one by one."""

from __future__ import annotations

from typing import Any

import numpy as np

from pktvisor import Packet, PacketBatch, RowHandler
from pktvisor.metrics import Texts
from pktvisor_tls_hello.bucket import TlsHelloBucket
from pktvisor_tls_hello.hello import read_hello

Column = np.ndarray[Any, Any]

_TCP = 2
_SHORTEST = 44  # a record header and a ClientHello without anything in it
_ROW = np.zeros(1, np.int64)


class TlsHelloHandler(RowHandler[TlsHelloBucket]):
    """Counts ClientHello messages by server name and fingerprint."""

    def wanted(self, batch: PacketBatch) -> Column:
        """TCP payloads that begin like a handshake record with a ClientHello in it."""
        mask: Column = (batch.transport == _TCP) & (batch.payload_length >= _SHORTEST)
        rows = np.flatnonzero(mask)
        start = batch.payload_offset[rows]
        arena = batch.arena
        mask[rows] = (arena[start] == 22) & (arena[start + 1] == 3) & (arena[start + 5] == 1)
        return mask

    def packet(self, packet: Packet, bucket: TlsHelloBucket) -> bool:
        """Count one message; False when it is of another server than asked for."""
        try:
            hello = read_hello(packet.payload)
        except ValueError:
            bucket.unreadable.add(1)
            return False
        if not hello.server_name.endswith(self.config.only_suffix):
            bucket.filtered.add(1)
            return False
        bucket.hellos.add(1)
        bucket.top_prints.add_texts(Texts.of([hello.fingerprint]), _ROW)
        if hello.server_name:
            name = Texts.of([hello.server_name])
            bucket.names.add(name, _ROW)
            bucket.top_names.add_texts(name, _ROW)
        else:
            bucket.no_name.add(1)
        return True
