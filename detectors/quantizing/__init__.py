"""Makes INT8 forms of models, where that pays."""
