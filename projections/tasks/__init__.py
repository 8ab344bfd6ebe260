"""What waits for somebody: one module per area of the work, each opening and closing tasks."""
