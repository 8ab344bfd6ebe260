"""What requests and answers look like; requests refuse fields that they do not know."""
