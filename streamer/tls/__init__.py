"""Who we are to browsers: certificates for https."""
