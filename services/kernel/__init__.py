"""How a service is made: the notation of the law, the record, the log, and the way a request walks. Knows no procedure."""
