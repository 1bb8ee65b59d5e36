"""pktvisor input `rotating`."""
