"""Many workers, a service that limits them, and one that says nothing but busy."""
