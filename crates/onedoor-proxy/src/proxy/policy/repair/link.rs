//! Link (RFC 8288 3): the `<URI>` of each link of the list. Their parameters stay as they are, `anchor` included.

use super::Repair;
use super::patch::Patch;

impl Repair<'_> {
    /// A list that is not understood to its end is left as it is.
    pub(super) fn mend_link(&self, value: &[u8]) -> Option<Vec<u8>> {
        let mut patch = Patch::of(value);
        let mut at = 0;
        while let Some(start) = skip(value, at, b" \t,") {
            if value.get(start) != Some(&b'<') {
                return None;
            }
            let end = find(value, start, b'>')?;
            self.mend_reference(value, start + 1..end, &mut patch);
            at = end_of_link(value, end + 1)?;
        }
        patch.finish()
    }
}

/// The next byte that is none of these; None: the value ends.
fn skip(value: &[u8], from: usize, these: &[u8]) -> Option<usize> {
    let rest = value.get(from..)?;
    rest.iter().position(|byte| !these.contains(byte)).map(|at| from + at)
}

fn find(value: &[u8], from: usize, wanted: u8) -> Option<usize> {
    value.get(from..)?.iter().position(|byte| *byte == wanted).map(|at| from + at)
}

/// Where the link's parameters end: at a comma outside of quotes, or with the value. None: a quote is not closed.
fn end_of_link(value: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    let mut quoted = false;
    while let Some(byte) = value.get(at) {
        match byte {
            b'"' => quoted = !quoted,
            // What is escaped cannot end the string (RFC 9110 5.6.4).
            b'\\' if quoted => at += 1,
            b',' if !quoted => return Some(at),
            _ => {}
        }
        at += 1;
    }
    (!quoted).then_some(at)
}
