-- Lets a file of format 2 be read as one of format 5: no track was decoded by ffmpeg or has further artists, and
-- it is not known what refused a file.
-- These views stand in the reader's own memory, in front of the file's tables.

CREATE TEMP VIEW file AS
SELECT path, size, mtime_ns, track, missing, reason, NULL AS refused_by FROM main.file;

CREATE TEMP VIEW track AS
SELECT id, hash, duration, title, artist, album, track_number, disc_number, recording_mbid, release_mbid, acoustid,
       sample_rate, channels, frame_count, window_count, 0 AS ffmpeg, NULL AS other_artists
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
