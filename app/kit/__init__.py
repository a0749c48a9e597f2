"""The ground: tools a stranger could use. No word of the domain here; a test sees to it."""
