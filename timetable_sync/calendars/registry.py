"""Which kinds of calendar service there are. A new one is a folder beside this file and a line below."""
