# cython: boundscheck=True, wraparound=False, initializedcheck=False
"""Placeholder, to be written."""

import cython
