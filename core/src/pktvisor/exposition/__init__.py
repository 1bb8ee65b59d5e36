"""Render buckets: JSON in the original's shape, Prometheus text, tables for people."""
