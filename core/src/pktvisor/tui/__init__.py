"""The terminal UI: screens over a local or remote agent, reached through its REST API only."""
