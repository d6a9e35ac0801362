-- Format 3: which tracks an installed ffmpeg decoded, and what refused the files without a fingerprint, so that they are tried
-- again by another version of refrain and once there is an ffmpeg.

ALTER TABLE track ADD COLUMN ffmpeg INTEGER NOT NULL DEFAULT 0 CHECK (ffmpeg IN (0, 1));
ALTER TABLE file ADD COLUMN refused_by TEXT;
