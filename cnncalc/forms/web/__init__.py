"""Pages for browsers: one self-contained HTML file with its tables and its picture, or the picture alone."""
