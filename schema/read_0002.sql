-- Lets a file of format 2 be read as one of format 3: no track was decoded by ffmpeg or has further artists, and
-- it is not known what refused a file.
-- These views stand in the reader's own memory, in front of the file's tables.

CREATE TEMP VIEW file AS
SELECT path, size, mtime_ns, track, missing, reason, NULL AS refused_by FROM main.file;

CREATE TEMP VIEW track AS
SELECT id, hash, duration, title, artist, album, track_number, disc_number, recording_mbid, release_mbid, acoustid,
       sample_rate, channels, frame_count, window_count, 0 AS ffmpeg, NULL AS other_artists
FROM main.track;
