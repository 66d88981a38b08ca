-- UniTime: one row a class meeting, room and instructor. For SQLite; what differs elsewhere is said where it does.
--
-- event_type 0 are classes (the others are exams and special events). A meeting's times are slots of five minutes since midnight plus an
-- offset in minutes; the stop offset is minus the break. meeting.uniqueid is made anew with every solution, so the class is the activity.
SELECT c.uniqueid                                            AS class_id,
       se.academic_year || ' ' || se.academic_term           AS term,
       sa.subject_area_abbreviation || ' ' || co.course_nbr  AS course,
       co.title                                              AS title,
       it.abbv                                               AS itype,             -- CHAR: 'Lec  '
       c.class_suffix                                        AS section,
       -- MySQL: m.meeting_date + INTERVAL (m.start_period * 5 + COALESCE(m.start_offset, 0)) MINUTE
       -- PostgreSQL: m.meeting_date + make_interval(mins => m.start_period * 5 + COALESCE(m.start_offset, 0))
       datetime(m.meeting_date, (m.start_period * 5 + COALESCE(m.start_offset, 0)) || ' minutes') AS starts_at,
       datetime(m.meeting_date, (m.stop_period * 5 + COALESCE(m.stop_offset, 0)) || ' minutes')   AS ends_at,
       COALESCE(b.abbreviation || ' ' || r.room_number, nul.name)                                 AS room,
       COALESCE(di.fname || ' ', '') || di.lname             AS instructor,
       m.approval_status                                     AS approval           -- 2 rejected, 3 cancelled
  FROM meeting m
  JOIN event e                          ON e.uniqueid = m.event_id AND e.event_type = 0
  JOIN class_ c                         ON c.uniqueid = e.class_id
  JOIN scheduling_subpart ss            ON ss.uniqueid = c.subpart_id
  JOIN instr_offering_config ioc        ON ioc.uniqueid = ss.config_id
  JOIN instructional_offering io        ON io.uniqueid = ioc.instr_offr_id
  JOIN course_offering co               ON co.instr_offr_id = io.uniqueid          -- cross-listed: one row, and one calendar, for each
  JOIN subject_area sa                  ON sa.uniqueid = co.subject_area_id
  JOIN sessions se                      ON se.uniqueid = io.session_id
  LEFT JOIN itype_desc it               ON it.itype = ss.itype
  LEFT JOIN room r                      ON r.permanent_id = m.location_perm_id AND r.session_id = io.session_id
  LEFT JOIN building b                  ON b.uniqueid = r.building_id
  LEFT JOIN non_university_location nul ON nul.permanent_id = m.location_perm_id AND nul.session_id = io.session_id
  LEFT JOIN class_instructor ci         ON ci.class_id = c.uniqueid
  LEFT JOIN departmental_instructor di  ON di.uniqueid = ci.instructor_id
