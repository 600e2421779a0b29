"""The modules of a net as its names have them: what each holds, and what it calls in which order."""
