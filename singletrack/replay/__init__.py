"""Play real timelines through the gateway as the organs' own systems would, and report what came of every event."""

from singletrack.replay.command import app

__all__ = ["app"]
