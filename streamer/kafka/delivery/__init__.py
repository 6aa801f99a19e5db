"""How a message comes to the brokers: through memory and disk, in order, until it is acknowledged."""
