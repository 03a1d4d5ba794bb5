"""What the coordinator concludes from a ledger. Pure: the whole case is read every time, never a difference."""
