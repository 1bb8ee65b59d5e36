"""Taps and policies as people write them: documents read, checked and turned into typed models."""
