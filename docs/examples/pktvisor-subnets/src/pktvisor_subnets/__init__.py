"""pktvisor handler `subnets`."""
