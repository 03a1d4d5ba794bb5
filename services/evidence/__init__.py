"""Keeps the dossier of each case, the packages in which it travels, and the property with all that happens to it."""
