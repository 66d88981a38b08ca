"""Runs that are interrupted at random while another one begins: paused, killed, robbed of their lease, their clock set."""
