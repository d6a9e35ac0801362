-- Format 3: which tracks an installed ffmpeg decoded; what refused the files without a fingerprint, so that they are tried
-- again by another version of refrain and once there is an ffmpeg; and the further artists of a track, each on a line.

ALTER TABLE track ADD COLUMN ffmpeg INTEGER NOT NULL DEFAULT 0 CHECK (ffmpeg IN (0, 1));
ALTER TABLE track ADD COLUMN other_artists TEXT;
ALTER TABLE file ADD COLUMN refused_by TEXT;
