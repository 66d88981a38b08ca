"""What was: runs, what is held, and the story of each event, gathered from the state database and put into words. Changes nothing."""
