"""What each operator of ATen is in our language: one function an operator, tables by its name."""
