"""Exchange Web Services: the only place that imports exchangelib."""
