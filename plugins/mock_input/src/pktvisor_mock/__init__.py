"""pktvisor input `mock`: a live stream without packets."""
