"""What classifiers say of followed objects and of parts of the picture, voted over several looks."""
