"""Items, blocks, loops and branches to the graph."""
