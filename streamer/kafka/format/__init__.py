"""What is on the topics: each kind of record, its bytes and headers, and the documents that describe them."""
