"""The rules by families: each looks at a net and says which layers are to be replaced by which."""
