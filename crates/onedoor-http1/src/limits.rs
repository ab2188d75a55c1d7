//! How much of a message is read before it is refused (HTTP.md rule 36).

/// Limits of one message head. Spans are u16, so 65535 bytes are the most whatever `bytes_max` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// From the first byte of the first line to the empty line, that included.
    pub bytes_max: usize,
    pub fields_max: usize,
}

impl Default for HeadLimits {
    fn default() -> Self {
        Self { bytes_max: 32 * 1024, fields_max: 100 }
    }
}

/// RFC 9110 9.1 sets no limit; the longest registered method has 17 bytes.
pub(crate) const METHOD_MAX: usize = 32;

/// Names in Connection that are not its own keywords; each is looked for among all fields.
pub(crate) const CONNECTION_NAMES_MAX: u8 = 32;

/// Hexadecimal digits of a chunk size; 16 fill a u64.
pub(crate) const CHUNK_DIGITS_MAX: u8 = 16;

/// Bytes of one chunk's extensions.
pub(crate) const CHUNK_EXTENSION_MAX: u64 = 1024;

/// Bytes of extensions beyond what the payload itself pays for: a body must not be mostly extensions.
pub(crate) const CHUNK_EXTENSIONS_FREE: u64 = 16 * 1024;

/// Bytes of a trailer section, its line ends included.
pub(crate) const TRAILERS_MAX: usize = 8 * 1024;
