//! Accept-Encoding, and which of the files that were compressed beforehand may be sent (RFC 9110 12.5.3).

/// How a file beside the one asked for is compressed, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Zstd,
    Gzip,
}

impl Coding {
    const ALL: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// As HTTP calls it.
    pub(super) fn token(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// As files are called.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }
}

/// What a client takes, in thousandths of its liking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Accepted {
    said: [Option<u16>; 3],
    any: Option<u16>,
    identity: Option<u16>,
}

impl Accepted {
    /// From the lines of the field. What cannot be read is not accepted.
    pub(super) fn of<'h>(lines: impl Iterator<Item = &'h [u8]>) -> Self {
        let mut accepted = Self::default();
        for item in lines.flat_map(|line| line.split(|byte| *byte == b',')) {
            let mut parts = item.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let Some(name) = parts.next().filter(|name| !name.is_empty()) else { continue };
            let weight = parts.find_map(weight).unwrap_or(1000);
            let place = if name == b"*" {
                &mut accepted.any
            } else if name.eq_ignore_ascii_case(b"identity") {
                &mut accepted.identity
            } else if name.eq_ignore_ascii_case(b"x-gzip") {
                &mut accepted.said[2]
            } else {
                let known =
                    Coding::ALL.iter().position(|it| name.eq_ignore_ascii_case(it.token().as_bytes()));
                match known.and_then(|at| accepted.said.get_mut(at)) {
                    Some(place) => place,
                    None => continue,
                }
            };
            *place = Some(weight);
        }
        accepted
    }

    /// The codings that are worth looking for, in the order of the client's liking, and then of ours. One that it likes
    /// less than the plain file is none of them.
    pub(super) fn wanted(self) -> impl Iterator<Item = Coding> {
        let plain = self.identity.unwrap_or(0);
        let mut wanted: [(u16, Coding); 3] = [(0, Coding::Gzip); 3];
        for ((place, coding), said) in wanted.iter_mut().zip(Coding::ALL).zip(self.said) {
            *place = (said.or(self.any).unwrap_or(0), coding);
        }
        // Stable: where the client does not care, the smallest file comes first.
        wanted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        wanted
            .into_iter()
            .filter(move |(weight, _)| *weight > 0 && *weight >= plain)
            .map(|(_, coding)| coding)
    }
}

/// `q=0.8` as 800; None: another parameter, or none.
fn weight(parameter: &[u8]) -> Option<u16> {
    let value = match parameter {
        [b'q' | b'Q', rest @ ..] => rest.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start(),
        _ => return None,
    };
    let (whole, rest) = value.split_first()?;
    let thousandths = match rest {
        [] => 0,
        [b'.', digits @ ..] if digits.len() <= 3 && digits.iter().all(u8::is_ascii_digit) => {
            let digit = |at: usize| digits.get(at).map_or(0, |digit| u16::from(digit - b'0'));
            digit(0) * 100 + digit(1) * 10 + digit(2)
        }
        _ => return Some(0),
    };
    match (whole, thousandths) {
        (b'0', part) => Some(part),
        (b'1', 0) => Some(1000),
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(lines: &[&str]) -> Vec<&'static str> {
        Accepted::of(lines.iter().map(|line| line.as_bytes())).wanted().map(Coding::token).collect()
    }

    #[test]
    fn the_client_chooses_and_where_it_does_not_the_smallest_file_does() {
        for (lines, tokens) in [
            (&[][..], &[][..]),
            (&[""], &[]),
            (&["gzip"], &["gzip"]),
            (&["x-gzip"], &["gzip"]),
            (&["GZip, deflate, BR, zstd"], &["br", "zstd", "gzip"]),
            (&["gzip", "br"], &["br", "gzip"]),
            (&["gzip;q=1.0, br;q=0.9"], &["gzip", "br"]),
            (&["gzip;q=0.8,br; q = 0.8"], &["br", "gzip"]),
            (&["br;q=0, gzip"], &["gzip"]),
            (&["br;q=0.000, gzip;q=0.001"], &["gzip"]),
            (&["*"], &["br", "zstd", "gzip"]),
            (&["*;q=0, br"], &["br"]),
            (&["*;q=0.1, gzip"], &["gzip", "br", "zstd"]),
            (&["identity"], &[]),
            (&["identity, gzip;q=0.5"], &[]),
            (&["identity;q=0.5, gzip"], &["gzip"]),
            (&["identity;q=0, gzip;q=0.1"], &["gzip"]),
            (&["gzip;q=2"], &[]),
            (&["gzip;q=1.1"], &[]),
            (&["gzip;q=0.1234"], &[]),
            (&["gzip;q="], &["gzip"]),
            (&["gzip;level=9;q=0.5, br;q=0.4"], &["gzip", "br"]),
            (&[",,;q=1, br,"], &["br"]),
            (&["brotli"], &[]),
        ] {
            assert_eq!(wanted(lines), tokens, "{lines:?}");
        }
    }
}
