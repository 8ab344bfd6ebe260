"""Read models that can be rebuilt from the record at any time."""
