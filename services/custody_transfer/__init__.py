"""Keeps custody: who holds each person, for which organ, under which title, until when, and how that changes hands."""
