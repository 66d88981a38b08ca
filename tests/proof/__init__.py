"""What is promised, proved in full: ``make proof``. Each part is a package in here with a module ``part``; CI runs a share of each."""
