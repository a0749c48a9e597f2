"""The seven stages of a message. Alphabetical order is the order of events; stages do not know each other."""
