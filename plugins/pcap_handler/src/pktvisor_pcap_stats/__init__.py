"""pktvisor handler `pcap`: what a packet capture lost."""
