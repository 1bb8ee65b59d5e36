"""pktvisor handler `tls_hello`."""
