"""Reading recipients out of a body: JSON objects, one object per line, or CSV. Flat memory, whatever the length."""
