"""Tables of what frameworks give of single layers, for dialects that a table of defaults is all there is of."""
