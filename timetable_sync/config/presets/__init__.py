"""Queries and columns for the tables of timetabling products, so that nobody has to work them out again. Pure; reads no database."""
