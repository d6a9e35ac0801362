-- Format 3: the vectors in lists have four bits a value. Lists are derived, so that those of format 2 are dropped here and
-- made anew by the next build.

DELETE FROM neighbour_index;
DELETE FROM centroid_block;
DELETE FROM centroid_link;
DELETE FROM posting;
DELETE FROM removed;

UPDATE meta SET value = (2030 - 24) / (8 + ((SELECT value FROM meta WHERE key = 'window_dims') + 1) / 2)
WHERE key = 'windows_per_posting';
