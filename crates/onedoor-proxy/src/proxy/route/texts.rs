//! Literal texts before a rest, `/user{name...}`: which of them does a segment begin with?
//!
//! A tree of bytes, walked as far as the segment leads, then back towards its root: the longest text first. What a
//! lookup costs grows with the segment, not with how many texts there are nor with how many lengths they have.

use std::iter;

use super::pattern;

type NodeIndex = u32;

/// No byte leads there: it is the root, which nothing leads to.
const NOWHERE: NodeIndex = 0;
const ROOT: NodeIndex = 0;

#[derive(Debug)]
pub(super) struct Texts<T> {
    nodes: Vec<Node<T>>,
}

/// Stands behind the text that leads to it.
#[derive(Debug)]
struct Node<T> {
    parent: NodeIndex,
    /// What stands behind this text, where it is one.
    found: Option<T>,
    /// The lowest byte that leads on …
    first: u8,
    /// … and where it and those above it lead.
    next: Vec<NodeIndex>,
}

impl<T> Default for Texts<T> {
    fn default() -> Self {
        Self { nodes: Vec::new() }
    }
}

impl<T: Default> Texts<T> {
    /// What stands behind `text`, put there if nothing did.
    pub(super) fn entry(&mut self, text: &[u8]) -> &mut T {
        if self.nodes.is_empty() {
            self.nodes.push(Node::behind(ROOT));
        }
        let mut at = ROOT;
        for byte in text {
            let fresh = NodeIndex::try_from(self.nodes.len()).expect("a file has fewer than 2^32 bytes");
            let next = self.node_mut(at).edge(*byte);
            if *next == NOWHERE {
                *next = fresh;
                self.nodes.push(Node::behind(at));
                at = fresh;
            } else {
                at = *next;
            }
        }
        self.node_mut(at).found.get_or_insert_default()
    }

    fn node_mut(&mut self, at: NodeIndex) -> &mut Node<T> {
        &mut self.nodes[at as usize]
    }
}

impl<T> Texts<T> {
    /// What stands behind the texts that take this segment, longest text first.
    pub(super) fn matching<'t>(&'t self, segment: &'t [u8]) -> impl Iterator<Item = &'t T> {
        iter::successors(self.deepest(segment), |(at, depth)| {
            Some((self.nodes[*at as usize].parent, depth.checked_sub(1)?))
        })
        .filter_map(move |(at, depth)| {
            let found = self.nodes[at as usize].found.as_ref()?;
            pattern::text_and_rest_matches(&segment[..depth], segment).then_some(found)
        })
    }

    /// The last node that the segment leads to, and how many of its bytes do.
    fn deepest(&self, segment: &[u8]) -> Option<(NodeIndex, usize)> {
        let mut node = self.nodes.first()?;
        let mut at = (ROOT, 0);
        for byte in segment {
            match node.next(*byte) {
                NOWHERE => break,
                next => at = (next, at.1 + 1),
            }
            node = &self.nodes[at.0 as usize];
        }
        Some(at)
    }
}

impl<T> Node<T> {
    fn behind(parent: NodeIndex) -> Self {
        Self { parent, found: None, first: 0, next: Vec::new() }
    }

    fn next(&self, byte: u8) -> NodeIndex {
        // A byte below the first wraps round to beyond the last.
        self.next.get(usize::from(byte.wrapping_sub(self.first))).copied().unwrap_or(NOWHERE)
    }

    /// Where `byte` leads, with room made for it.
    fn edge(&mut self, byte: u8) -> &mut NodeIndex {
        if self.next.is_empty() {
            self.first = byte;
        }
        if byte < self.first {
            let missing = usize::from(self.first - byte);
            self.next.splice(0..0, iter::repeat_n(NOWHERE, missing));
            self.first = byte;
        }
        let at = usize::from(byte - self.first);
        if at >= self.next.len() {
            self.next.resize(at + 1, NOWHERE);
        }
        &mut self.next[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_text_comes_first_and_only_those_that_begin_the_segment() {
        let known = ["user", "u", "users", "m", "zebra", "user-"];
        let mut texts: Texts<&str> = Texts::default();
        for text in known {
            *texts.entry(text.as_bytes()) = text;
        }
        for (segment, found) in [
            ("users", vec!["users", "user", "u"]),
            ("user", vec!["user", "u"]),
            ("user-1", vec!["user-", "user", "u"]),
            ("use", vec!["u"]),
            ("zebr", vec![]),
            ("a", vec![]),
            ("", vec![]),
            // What follows the text would be a dot segment.
            ("m..", vec![]),
            ("user..", vec!["u"]),
        ] {
            let matching: Vec<&str> = texts.matching(segment.as_bytes()).copied().collect();
            assert_eq!(matching, found, "{segment}");
        }
    }

    #[test]
    fn every_byte_may_stand_in_a_text() {
        let mut texts: Texts<u8> = Texts::default();
        for byte in (0..=u8::MAX).rev().step_by(3).chain(0..=u8::MAX) {
            *texts.entry(&[b'x', byte]) = byte;
        }
        for byte in 0..=u8::MAX {
            assert_eq!(texts.matching(&[b'x', byte, b'y']).collect::<Vec<_>>(), [&byte]);
        }
    }
}
