"""A net as its language is: sequences run down, branches side by side, groups are boxes, long skips run on rails."""
