"""Keeps cases and persons: where each stands in the criminal procedure, and the papers that brought them there."""
