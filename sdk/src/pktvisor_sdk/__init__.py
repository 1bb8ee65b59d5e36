"""For authors of plugins: build frames, DNS messages, captures and batches for tests."""
