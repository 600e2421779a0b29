"""What stands in a net several times becomes uses of blocks."""
