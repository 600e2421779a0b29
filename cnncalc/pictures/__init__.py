"""Reports -> pictures: a net as it flows, its feature maps to scale, windows and fields; SVG, or what is made of it."""
