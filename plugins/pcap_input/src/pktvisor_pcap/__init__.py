"""pktvisor input `pcap`: capture files, and the commands that summarize them."""
