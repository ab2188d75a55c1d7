//! Hides secrets in what is shown: `•••` stands where one stood.

use std::borrow::Cow;

use memchr::memmem;

/// What stands for a secret.
const HIDDEN: &[u8] = "•••".as_bytes();

/// A shorter text is no secret: to hide every `dev` or `1` would hide what the lines say.
const SECRET_MIN: usize = 4;

/// The texts to hide.
#[derive(Clone, Default)]
pub(in crate::apps) struct Mask {
    /// Longest first: one may begin with another.
    hidden: Vec<memmem::Finder<'static>>,
}

impl Mask {
    /// Hides each of `values`, and of those that have several lines each line: a log has one at a time.
    pub(in crate::apps) fn of<'a>(values: impl Iterator<Item = &'a [u8]>) -> Self {
        let lines = values.flat_map(|value| value.split(|byte| *byte == b'\n')).map(<[u8]>::trim_ascii);
        let mut hidden: Vec<&[u8]> = lines.filter(|line| line.len() >= SECRET_MIN).collect();
        hidden.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then(one.cmp(other)));
        hidden.dedup();
        let finder = |text: &[u8]| memmem::Finder::new(text).into_owned();
        Self { hidden: hidden.into_iter().map(finder).collect() }
    }

    /// `text` without them.
    pub(in crate::apps) fn hide<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut shown = Cow::Borrowed(text);
        for secret in &self.hidden {
            if let Some(first) = secret.find(&shown) {
                shown = Cow::Owned(without(secret, first, &shown));
            }
        }
        shown
    }
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask of {}", self.hidden.len())
    }
}

fn without(secret: &memmem::Finder<'_>, first: usize, text: &[u8]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(text.len());
    let (mut rest, mut at) = (text, Some(first));
    while let Some(start) = at {
        shown.extend_from_slice(&rest[..start]);
        shown.extend_from_slice(HIDDEN);
        rest = &rest[start + secret.needle().len()..];
        at = secret.find(rest);
    }
    shown.extend_from_slice(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hidden(values: &[&str], text: &str) -> String {
        let mask = Mask::of(values.iter().map(|value| value.as_bytes()));
        String::from_utf8(mask.hide(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn a_secret_is_hidden_wherever_it_stands_and_nothing_else_is() {
        for (values, text, shown) in [
            (&["hunter2"][..], "my hunter2, your hunter2hunter2", "my •••, your ••••••"),
            (&["hunter", "hunter22"], "hunter22 hunter", "••• •••"),
            (&["one line\n  another one\n"], "another one, one line", "•••, •••"),
            (&["1", "dev", ""], "1 dev", "1 dev"),
            (&[], "hunter2", "hunter2"),
        ] {
            assert_eq!(hidden(values, text), shown, "{values:?}");
        }
        assert!(matches!(Mask::of([&b"hunter2"[..]].into_iter()).hide(b"nothing"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn no_secret_is_left(secret in "[ab]{4,9}", text in "[ab ]{0,60}") {
            prop_assert!(!hidden(&[&secret], &text).contains(&secret));
        }
    }
}
