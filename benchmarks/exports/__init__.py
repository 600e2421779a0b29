"""What is written for other tools, run there and held against the net that it was made of."""
