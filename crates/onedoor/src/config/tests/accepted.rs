//! What the file may say, and what it then means.
