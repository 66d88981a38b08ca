"""What the night would see of the timetable, and what is wrong with it. Connects to no calendar, writes nothing."""
