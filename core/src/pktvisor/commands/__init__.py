"""The commands core installs."""
