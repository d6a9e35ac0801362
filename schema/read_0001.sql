-- Lets a file of format 1 be read as one of format 5: what later formats changed, made of what format 1 has. These views stand
-- in the reader's own memory, in front of the file's tables.

CREATE TEMP VIEW root AS
SELECT NULL AS path, 0 AS follow_links, 0 AS hidden, NULL AS max_depth WHERE 0;

CREATE TEMP VIEW file AS
SELECT path, size, mtime_ns, id AS track, 0 AS missing, NULL AS reason, NULL AS refused_by FROM main.track
UNION ALL
SELECT path, size, mtime_ns, NULL, 0, reason, NULL FROM main.failure;

CREATE TEMP VIEW track AS
SELECT id, NULL AS hash, duration, title, artist, album, NULL AS track_number, NULL AS disc_number,
       NULL AS recording_mbid, NULL AS release_mbid, NULL AS acoustid, sample_rate, channels, frame_count, window_count,
       0 AS ffmpeg, NULL AS other_artists
FROM main.track;

CREATE TEMP VIEW level_block AS SELECT 0 AS id, x'' AS data WHERE 0;

CREATE TEMP VIEW section_block AS SELECT 0 AS id, x'' AS data WHERE 0;

CREATE TEMP VIEW duplicate_search AS SELECT 1 AS id, 0 AS rules, 0 AS last_track WHERE 0;

CREATE TEMP VIEW near_pair AS SELECT 0 AS one, 0 AS two, x'' AS data WHERE 0;

CREATE TEMP VIEW compared_pair AS
SELECT 0 AS one, 0 AS two, NULL AS relation, 0.0 AS similarity, 0.0 AS tempo, x'' AS data WHERE 0;

CREATE TEMP VIEW duplicate AS
SELECT 0 AS reference, 0 AS track, '' AS relation, 0.0 AS similarity, 0.0 AS speed WHERE 0;

CREATE TEMP VIEW not_duplicate AS SELECT 0 AS one, 0 AS two WHERE 0;

CREATE TEMP VIEW quality AS
SELECT 0 AS track, 0 AS bandwidth, 0 AS cut, 0.0 AS peak, 0.0 AS clipped WHERE 0;
