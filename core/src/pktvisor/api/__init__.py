"""The REST API: routes, who may use them, and the server that answers."""
