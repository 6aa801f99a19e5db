"""What a user would write without us; stands for user code, so it imports libraries directly."""
