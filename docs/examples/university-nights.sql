-- A whole university's semester, one row a dated meeting. For SQLite.
--
-- A class's name ("LAWS4251_S2-SemA/01") begins with its course, so it names the activity by itself; it is unique, and it is what the
-- university keeps from night to night. The title begins with the course as well, then comes a non-breaking space.
SELECT name,
       course_id,
       title,
       activity                AS kind,
       date || ' ' || start    AS starts_at,
       date || ' ' || finish   AS ends_at,
       location                AS room
  FROM v_occ_tonight
