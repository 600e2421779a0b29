"""What is wanted of a net: budgets, expectations, conditions."""
