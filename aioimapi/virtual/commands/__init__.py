"""What the drive does at each command; what depends on the disc it asks of the disc's family."""
