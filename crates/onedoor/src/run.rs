//! Composition root: builds both stories, joins them at the seam, waits for the end.
