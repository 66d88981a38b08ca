"""Bad timetables: rows made to do harm, queries without end, a calendar far too full. Whole nights over them."""
