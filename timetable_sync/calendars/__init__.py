"""The only door to calendar services: the contract, then one folder a backend."""
