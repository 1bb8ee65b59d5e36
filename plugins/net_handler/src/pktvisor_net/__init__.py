"""pktvisor handler `net`: what the traffic is, by direction, protocol, address and place."""
