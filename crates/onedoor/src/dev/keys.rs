//! What a key means, and what is asked back. Pure: bytes and a mode in, a deed and a mode out.

/// What the developer is in the middle of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    #[default]
    Plain,
    /// Every key is explained.
    Help,
    /// Which app? The digits typed so far.
    Choosing { what: Choice, typed: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Restart,
    Logs,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Nothing,
    Restart(Which),
    /// Only their lines from now on.
    Logs(Which),
    Open,
    Clear,
    Quit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    All,
    /// Counted from 0.
    One(usize),
}

/// A key, as a terminal sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Letter(char),
    Enter,
    Escape,
    /// An arrow and its like: they mean nothing here, but their letters are none.
    Other,
}

/// The keys in what was read at once. A lone ESC is the key; followed by something it begins a sequence (ECMA-48 5.4).
pub(super) fn keys_in(bytes: &[u8]) -> Vec<Key> {
    let text = String::from_utf8_lossy(bytes);
    let mut characters = text.chars().peekable();
    let mut keys = Vec::new();
    while let Some(character) = characters.next() {
        keys.push(match character {
            '\x1b' if matches!(characters.peek(), Some('[' | 'O')) => {
                let introducer = characters.next();
                let is_final = |c: &char| ('@'..='~').contains(c);
                // A sequence ends with its first letter; SS3 is one letter long.
                for part in characters.by_ref() {
                    if introducer == Some('O') || is_final(&part) {
                        break;
                    }
                }
                Key::Other
            }
            '\x1b' => Key::Escape,
            '\r' | '\n' => Key::Enter,
            // Ctrl-D: there is nothing more to come.
            '\x04' => Key::Letter('q'),
            character => Key::Letter(character.to_ascii_lowercase()),
        });
    }
    keys
}

impl Mode {
    /// Takes a key; there are `apps` to choose from.
    pub(super) fn press(self, key: Key, apps: usize) -> (Self, Deed) {
        match (self, key) {
            (_, Key::Letter('q')) => (Self::Plain, Deed::Quit),
            (Self::Choosing { what, typed }, key) => choosing(what, typed, key, apps),
            (Self::Plain, Key::Letter('h' | '?')) => (Self::Help, Deed::Nothing),
            (Self::Plain | Self::Help, Key::Letter('r')) => choice(Choice::Restart, apps),
            (Self::Plain | Self::Help, Key::Letter('l')) => choice(Choice::Logs, apps),
            (Self::Plain | Self::Help, Key::Letter('o')) => (Self::Plain, Deed::Open),
            (Self::Plain | Self::Help, Key::Letter('c')) => (Self::Plain, Deed::Clear),
            (Self::Help, Key::Letter(_) | Key::Enter | Key::Escape) => (Self::Plain, Deed::Nothing),
            (mode, Key::Letter(_) | Key::Enter | Key::Escape | Key::Other) => (mode, Deed::Nothing),
        }
    }
}

/// With a single app there is nothing to ask.
fn choice(what: Choice, apps: usize) -> (Mode, Deed) {
    match (what, apps) {
        (Choice::Restart, 0 | 1) => (Mode::Plain, deed(what, Which::All)),
        (Choice::Restart | Choice::Logs, _) => (Mode::Choosing { what, typed: 0 }, Deed::Nothing),
    }
}

fn choosing(what: Choice, typed: usize, key: Key, apps: usize) -> (Mode, Deed) {
    match key {
        Key::Letter(letter) if let Some(digit) = letter.to_digit(10) => {
            let number = typed * 10 + digit as usize;
            if number == 0 || number > apps {
                (Mode::Choosing { what, typed: 0 }, Deed::Nothing)
            } else if number * 10 > apps {
                (Mode::Plain, deed(what, Which::One(number - 1)))
            } else {
                // 1 may be the beginning of 12.
                (Mode::Choosing { what, typed: number }, Deed::Nothing)
            }
        }
        Key::Enter if typed > 0 => (Mode::Plain, deed(what, Which::One(typed - 1))),
        // The same key twice is the hasty way to say all.
        Key::Letter('a' | 'r') if what == Choice::Restart => (Mode::Plain, deed(what, Which::All)),
        Key::Letter('a' | 'l') if what == Choice::Logs => (Mode::Plain, deed(what, Which::All)),
        Key::Escape | Key::Enter => (Mode::Plain, Deed::Nothing),
        Key::Letter(_) | Key::Other => (Mode::Choosing { what, typed }, Deed::Nothing),
    }
}

fn deed(what: Choice, which: Which) -> Deed {
    match what {
        Choice::Restart => Deed::Restart(which),
        Choice::Logs => Deed::Logs(which),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What typing `text` does, one deed after the other.
    fn deeds(text: &str, apps: usize) -> Vec<Deed> {
        let mut mode = Mode::Plain;
        let mut done = Vec::new();
        for key in keys_in(text.as_bytes()) {
            let (next, deed) = mode.press(key, apps);
            mode = next;
            done.extend((deed != Deed::Nothing).then_some(deed));
        }
        done
    }

    #[test]
    fn each_key_does_its_deed() {
        let one = |number| Which::One(number);
        let cases = [
            ("q", 3, vec![Deed::Quit]),
            ("\x04", 3, vec![Deed::Quit]),
            ("O", 3, vec![Deed::Open]),
            ("c", 3, vec![Deed::Clear]),
            ("r2", 3, vec![Deed::Restart(one(1))]),
            ("ra", 3, vec![Deed::Restart(Which::All)]),
            ("rr", 3, vec![Deed::Restart(Which::All)]),
            ("r", 1, vec![Deed::Restart(Which::All)]),
            ("l3", 3, vec![Deed::Logs(one(2))]),
            ("ll", 3, vec![Deed::Logs(Which::All)]),
            ("l1l", 1, vec![Deed::Logs(one(0))]),
            ("r9", 3, vec![]),
            ("r0r9r1", 3, vec![Deed::Restart(Which::All), Deed::Restart(one(0))]),
            ("r\x1bq", 3, vec![Deed::Quit]),
            ("r1\n", 12, vec![Deed::Restart(one(0))]),
            ("r12", 12, vec![Deed::Restart(one(11))]),
            ("r2", 12, vec![Deed::Restart(one(1))]),
            ("hro", 1, vec![Deed::Restart(Which::All), Deed::Open]),
            ("hxq", 1, vec![Deed::Quit]),
            ("xyz1\n", 3, vec![]),
        ];
        for (typed, apps, expected) in cases {
            assert_eq!(deeds(typed, apps), expected, "{typed:?} with {apps} apps");
        }
    }

    #[test]
    fn an_arrow_is_no_letter() {
        assert_eq!(
            keys_in(b"\x1b[A\x1bOP\x1b[1;5Cq\x1b"),
            [Key::Other, Key::Other, Key::Other, Key::Letter('q'), Key::Escape]
        );
        assert_eq!(deeds("\x1b[C\x1b[D", 3), []);
    }
}
