"""pktvisor handler `dns`: messages, names, response codes and transactions."""
