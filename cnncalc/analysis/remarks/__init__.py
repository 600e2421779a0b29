"""What a layer's author may want to know."""
