"""Which pixels of the input a layer sees."""
