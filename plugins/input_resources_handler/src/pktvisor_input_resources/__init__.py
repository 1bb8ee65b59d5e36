"""pktvisor handler `input_resources`: what an input stream costs, and who uses it."""
