"""File systems: the tree, the layout, and one folder for each standard."""
