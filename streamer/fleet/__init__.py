"""The cameras of a process, which come, change and go while it runs."""
