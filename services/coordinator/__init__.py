"""Holds the law against the logs of all services: duties owed, bans broken, organs that disagree, and what mends them."""
