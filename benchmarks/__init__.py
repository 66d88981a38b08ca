"""How quick, how much memory, how many operations: run by hand, and in small by the tests."""
