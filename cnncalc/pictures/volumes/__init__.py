"""Feature maps as boxes in perspective, as papers draw them."""
