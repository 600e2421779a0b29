"""ncnn's `.param`."""
