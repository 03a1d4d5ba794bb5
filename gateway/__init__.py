"""The one door: routes, identity, the public contract. Keeps no state of the cases."""
