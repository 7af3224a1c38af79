"""What a disc is: its kind, and what is recorded on it. Pure state, no files and no commands."""
