"""Every request of a night answered with every fault that the sandbox knows, and both databases failing: what comes of it."""
