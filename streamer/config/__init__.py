"""The configuration: the file, the tree of its options, and what is wrong in it, said with the lines."""
