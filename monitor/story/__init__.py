"""Which story an article belongs to, and what a match in it is worth telling. Pure, and blind to matching and rendering."""
