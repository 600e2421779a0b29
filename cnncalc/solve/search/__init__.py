"""The best of a space of nets: Pareto fronts, by sums over pieces, by every point, or by a sample."""
