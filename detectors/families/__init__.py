"""One decode per file: how a family of models turns its raw outputs into boxes."""
