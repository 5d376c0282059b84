"""What callers send and get: yours."""
