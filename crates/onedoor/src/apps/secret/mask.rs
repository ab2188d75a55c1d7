//! Hides secrets in what is shown: `•••` stands where one stood.

use std::borrow::Cow;
use std::sync::Arc;

use memchr::memmem;

/// What stands for a secret.
const HIDDEN: &[u8] = "•••".as_bytes();

/// A shorter text is no secret: to hide every `dev` or `1` would hide what the lines say.
const SECRET_MIN: usize = 4;

/// A longer one is hidden in pieces: whoever shows a text bit by bit must not have to keep a whole key.
const PIECE_MAX: usize = 1024;

/// The texts to hide. Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::apps) struct Mask {
    /// Longest first: one may begin with another.
    hidden: Arc<[memmem::Finder<'static>]>,
}

impl Mask {
    /// Hides each of `values`, and of those that have several lines each line: a log has one at a time.
    pub(in crate::apps) fn of<'a>(values: impl Iterator<Item = &'a [u8]>) -> Self {
        let lines = values.flat_map(|value| value.split(|byte| *byte == b'\n')).map(<[u8]>::trim_ascii);
        let pieces = lines.flat_map(|line| line.chunks(PIECE_MAX));
        let mut hidden: Vec<&[u8]> = pieces.filter(|piece| piece.len() >= SECRET_MIN).collect();
        sorted::by(&mut hidden, |one, other| other.len().cmp(&one.len()).then(one.cmp(other)));
        hidden.dedup();
        let finder = |text: &[u8]| memmem::Finder::new(text).into_owned();
        Self { hidden: hidden.into_iter().map(finder).collect() }
    }

    /// `text` without them.
    pub(in crate::apps) fn hide<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut shown = Cow::Borrowed(text);
        for secret in &*self.hidden {
            if let Some(first) = secret.find(&shown) {
                shown = Cow::Owned(without(secret, first, &shown));
            }
        }
        shown
    }

    /// How much of `text` can be shown before what follows is known: its end may be the beginning of a secret.
    pub(in crate::apps) fn certain_len(&self, text: &[u8]) -> usize {
        let begins =
            |from: &usize| self.hidden.iter().any(|secret| secret.needle().starts_with(&text[*from..]));
        let from = text.len().saturating_sub(PIECE_MAX - 1);
        let mut certain = (from..text.len()).find(begins).unwrap_or(text.len());
        // One that is whole must not be shown in two parts, though another may begin in its middle.
        while let Some(start) = self.hidden.iter().find_map(|secret| cut_by(secret, text, certain)) {
            certain = start;
        }
        certain
    }
}

impl Mask {
    /// Nothing follows `text`: of a secret that it ends in the middle of, nothing is left.
    pub(in crate::apps) fn hide_end(&self, text: &mut Vec<u8>) {
        let certain = self.certain_len(text);
        if text.len() - certain >= SECRET_MIN {
            text.truncate(certain);
            text.extend_from_slice(HIDDEN);
        }
    }
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask of {}", self.hidden.len())
    }
}

/// Where the secret begins that would be cut in two there.
fn cut_by(secret: &memmem::Finder<'_>, text: &[u8], at: usize) -> Option<usize> {
    let mut starts = secret.find_iter(text);
    starts.find(|start| (start + 1..start + secret.needle().len()).contains(&at))
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

    #[test]
    fn of_a_secret_that_is_cut_off_nothing_is_left() {
        let mask = Mask::of([&b"hunter2"[..]].into_iter());
        for (text, shown) in
            [("my hunte", "my •••"), ("my hunter2", "my •••"), ("my hun", "my hun"), ("my", "my")]
        {
            let mut text = text.as_bytes().to_vec();
            mask.hide_end(&mut text);
            assert_eq!(String::from_utf8(text).unwrap(), shown);
        }
    }

    #[test]
    fn a_secret_that_is_whole_is_not_cut_where_another_may_begin() {
        let mask = Mask::of([&b"abba"[..]].into_iter());
        assert_eq!(mask.certain_len(b"a abbab"), 2, "`ab` may begin another one");
        assert_eq!(mask.certain_len(b"a abbax"), 7);
    }

    proptest! {
        #[test]
        fn no_secret_is_left_where_a_text_is_cut(secret in "[ab]{4,9}", text in "[ab ]{0,60}", at in 0_usize..60) {
            let mask = Mask::of([secret.as_bytes()].into_iter());
            let at = mask.certain_len(&text.as_bytes()[..at.min(text.len())]);
            let (one, other) = text.split_at(at);
            let shown = [mask.hide(one.as_bytes()), mask.hide(other.as_bytes())].concat();
            prop_assert!(!String::from_utf8(shown).unwrap().contains(&secret));
        }

        #[test]
        fn no_secret_is_left(secret in "[ab]{4,9}", text in "[ab ]{0,60}") {
            prop_assert!(!hidden(&[&secret], &text).contains(&secret));
        }
    }
}
