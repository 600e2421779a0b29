"""Programs of torch.export (`.pt2`), read without torch: JSON in a zip; nothing in it is unpickled."""
