//! Which version of a language an image is made of, from what the project asks for.
//!
//! Manifests ask in many tongues: `3.12`, `>=3.10,<3.13`, `^20`, `v22.4.1`, `lts/*`, `~=3.11.2`, `18 || 20`. What is
//! understood of them narrows the versions that are known; of those left the usual one is taken, else the newest.

/// A version's first two numbers; the second is missing where images are named by the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub(super) major: u32,
    pub(super) minor: Option<u32>,
}

/// The versions that have an image, the usual one first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) usual: Version,
    pub(super) others: &'static [Version],
}

/// What came of the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// The project asks for it, or for nothing else.
    Fits(Version),
    /// None of the known versions fits: the one that is asked for all the same.
    Unknown(Version),
    /// It could not be understood; the usual one.
    Unclear(Version),
}

impl Version {
    pub(super) const fn of(major: u32, minor: u32) -> Self {
        Self { major, minor: Some(minor) }
    }

    pub(super) const fn major(major: u32) -> Self {
        Self { major, minor: None }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.minor {
            Some(minor) => write!(f, "{}.{minor}", self.major),
            None => write!(f, "{}", self.major),
        }
    }
}

impl Choice {
    pub(super) fn version(&self) -> Version {
        match self {
            Self::Fits(version) | Self::Unknown(version) | Self::Unclear(version) => *version,
        }
    }
}

impl Known {
    /// The one that is to be taken for what a manifest asks.
    pub(super) fn choose(self, asked: &str) -> Choice {
        let asked = asked.trim().trim_matches('"');
        if asked.is_empty() || asked.starts_with("lts") || asked == "node" || asked == "latest" {
            return Choice::Fits(self.usual);
        }
        let Some(alternatives) = alternatives(asked) else { return Choice::Unclear(self.usual) };
        let fits = |version: &Version| {
            alternatives.iter().any(|all| all.iter().all(|clause| clause.holds(*version)))
        };
        if fits(&self.usual) {
            return Choice::Fits(self.usual);
        }
        if let Some(newest) = self.others.iter().copied().filter(fits).max() {
            return Choice::Fits(newest);
        }
        match alternatives.first().map(Vec::as_slice) {
            Some([Clause { sign: Sign::Equal, version }]) => {
                let minor = self.usual.minor.and_then(|_| version.minor.or(Some(0)));
                Choice::Unknown(Version { major: version.major, minor })
            }
            _ => Choice::Unclear(self.usual),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Clause {
    sign: Sign,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Equal,
    NotEqual,
    Less,
    AtMost,
    AtLeast,
    More,
    /// `^1.2`: the same first number, at least so much.
    Caret,
    /// `~=3.11` in Python: at least so much, the same first number.
    Compatible,
}

impl Clause {
    /// Patches are beyond an image's name: `>3.11` may be a later 3.11; of `<3.13.2` only 3.12 is sure.
    fn holds(self, version: Version) -> bool {
        let own = self.version;
        let as_precise = Version { minor: own.minor.and(version.minor), ..version };
        let own = Version { minor: version.minor.and(own.minor), ..own };
        match self.sign {
            Sign::Equal => as_precise == own,
            Sign::NotEqual => as_precise != own,
            Sign::Less => as_precise < own,
            Sign::AtMost => as_precise <= own,
            Sign::AtLeast | Sign::More => as_precise >= own,
            Sign::Caret | Sign::Compatible => as_precise >= own && as_precise.major == own.major,
        }
    }
}

/// `a || b` of lists of clauses; None: it is in no tongue that is known.
fn alternatives(asked: &str) -> Option<Vec<Vec<Clause>>> {
    asked.split("||").map(|all| clauses(all.trim())).collect()
}

fn clauses(text: &str) -> Option<Vec<Clause>> {
    // `18 - 20`, as npm writes a range.
    if let Some((from, to)) = text.split_once(" - ") {
        let clause = |sign, text: &str| Some(Clause { sign, version: number(text.trim())?.0 });
        return Some(vec![clause(Sign::AtLeast, from)?, clause(Sign::AtMost, to)?]);
    }
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (sign, after) = sign(rest);
        let end = after.trim_start().find([',', ' ']).map(|end| end + after.len() - after.trim_start().len());
        let (said, later) = after.split_at(end.unwrap_or(after.len()));
        let (version, is_any) = number(said.trim())?;
        if !is_any {
            found.push(Clause { sign, version });
        }
        rest = later.trim_start_matches([',', ' ']);
    }
    Some(found)
}

fn sign(text: &str) -> (Sign, &str) {
    const SIGNS: [(&str, Sign); 11] = [
        ("===", Sign::Equal),
        ("==", Sign::Equal),
        ("~=", Sign::Compatible),
        ("!=", Sign::NotEqual),
        (">=", Sign::AtLeast),
        ("<=", Sign::AtMost),
        ("^", Sign::Caret),
        ("~", Sign::Equal),
        (">", Sign::More),
        ("<", Sign::Less),
        ("=", Sign::Equal),
    ];
    SIGNS
        .iter()
        .find_map(|(written, sign)| text.strip_prefix(written).map(|rest| (*sign, rest)))
        .unwrap_or((Sign::Equal, text))
}

/// `v22.4.1`, `3.12.*`, `20.x`; the second says that any will do.
fn number(text: &str) -> Option<(Version, bool)> {
    let text = text.trim_start_matches(['v', 'V']);
    if text == "*" || text == "x" {
        return Some((Version::major(0), true));
    }
    let mut parts = text.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = match parts.next() {
        None | Some("*" | "x") => None,
        Some(minor) => Some(minor.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().ok()?),
    };
    Some((Version { major, minor }, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PYTHON: Known = Known {
        usual: Version::of(3, 13),
        others: &[Version::of(3, 14), Version::of(3, 12), Version::of(3, 11), Version::of(3, 10)],
    };
    const NODE: Known = Known {
        usual: Version::major(24),
        others: &[Version::major(26), Version::major(22), Version::major(20)],
    };

    #[test]
    fn what_manifests_ask_for_gives_a_version_that_has_an_image() {
        for (asked, version) in [
            ("", "3.13"),
            ("3.12", "3.12"),
            ("3.12.4", "3.12"),
            ("3.12.*", "3.12"),
            (">=3.10", "3.13"),
            (">= 3.10", "3.13"),
            (">=3.10,<3.13", "3.12"),
            (">=3.10, <3.13", "3.12"),
            (">3.11", "3.13"),
            ("<3.12.5", "3.11"),
            ("<=3.12", "3.12"),
            ("^3.11", "3.13"),
            ("~=3.11", "3.13"),
            ("~3.11", "3.11"),
            ("==3.11.*", "3.11"),
            ("!=3.13,>=3.10", "3.14"),
            ("3", "3.13"),
        ] {
            assert_eq!(PYTHON.choose(asked), Choice::Fits(version_of(version)), "{asked}");
        }
        for (asked, version) in [
            (">=18", "24"),
            ("^20.10.0", "20"),
            ("20.x", "20"),
            ("v22.4.1", "22"),
            ("18 || 20 || 22", "22"),
            ("18 - 22", "22"),
            (">=18 <23", "22"),
            ("lts/*", "24"),
            ("lts/iron", "24"),
            ("*", "24"),
        ] {
            assert_eq!(NODE.choose(asked), Choice::Fits(version_of(version)), "{asked}");
        }
    }

    #[test]
    fn what_is_not_known_is_taken_at_its_word_and_what_is_no_version_is_said() {
        assert_eq!(PYTHON.choose("3.9.7"), Choice::Unknown(Version::of(3, 9)));
        assert_eq!(NODE.choose("16"), Choice::Unknown(Version::major(16)));
        for nonsense in ["pypy3.10", "system", "\u{1f980}", ">=", "3.", "99999999999"] {
            assert_eq!(PYTHON.choose(nonsense), Choice::Unclear(Version::of(3, 13)), "{nonsense}");
        }
    }

    fn version_of(text: &str) -> Version {
        number(text).unwrap().0
    }
}
