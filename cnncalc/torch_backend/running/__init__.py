"""What torch makes of a net that runs."""
