//! stub
/// Placeholder until the parser lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    pub bytes_max: usize,
    pub fields_max: usize,
}
