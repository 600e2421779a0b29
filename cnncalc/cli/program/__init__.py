"""Words -> the call of a command: read as they stand where they are right, else by click, which helps and explains."""
