//! Files that are none: an error with its place, never a panic, never without end.

use proptest::prelude::*;

use crate::import::{Conversion, Detail, Format, Input, convert};
use crate::samples::SAMPLES;

fn input(text: &str) -> Input {
    Input { name: "file".to_owned(), text: text.to_owned(), folder: None }
}

fn fault(format: Format, text: &str) -> String {
    match convert(&[(format, vec![input(text)])]) {
        Ok(_) => "fine".to_owned(),
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn a_malformed_file_is_told_with_its_line() {
    let deep = format!("{}{}", "a {\n".repeat(40), "}\n".repeat(40));
    for (format, text, expected) in [
        (Format::Nginx, "server {\n  listen 80;\n", "file:1: this block is not closed; add a `}`"),
        (Format::Nginx, "server {\n}\n}\n", "file:3: this `}` closes nothing; take it away"),
        (Format::Nginx, "server {\n  listen 80\n}\n", "file:2: `listen` does not end; add a `;` behind it"),
        (Format::Nginx, "a \"b;\n", "file:1: the quote \" is not closed; close it"),
        (Format::Nginx, "\n{\n}", "file:2: a block without a name"),
        (Format::Nginx, &deep, "file:33: blocks nest more than 32 deep"),
        (Format::Caddy, "a.com {\n  respond hi\n", "file:1: this block is not closed; add a `}`"),
        (Format::Caddy, "a.com {\n}\n}\n", "file:3: this `}` closes nothing; take it away"),
        (Format::Caddy, "a.com\nrespond \"hi\n", "file:2: the quote \" is not closed; close it"),
        (
            Format::Caddy,
            "a.com\nrespond <<X\nhi\n",
            "file:2: the text behind <<X does not end; put X on a line of its own",
        ),
        (
            Format::Caddy,
            "(a) {\nimport a\n}\na.com {\nimport a\n}\n",
            "file:2: imports nest more than 8 deep",
        ),
        (Format::Caddy, &deep, "file:33: blocks nest more than 32 deep"),
        (Format::Supervisord, "[program:x]\nnonsense\n", "file:2: `nonsense` is no `key = value`"),
        (Format::Supervisord, "[program:x\n", "file:1: this section's name has no end; close it with `]`"),
    ] {
        assert_eq!(fault(format, text), expected);
    }
}

/// Whatever is read: no panic, everything accounted for, and what is written is TOML.
fn survives(format: Format, text: &str) {
    if let Ok(Conversion { draft, report }) = convert(&[(format, vec![input(text)])]) {
        assert!(report.findings.iter().all(|finding| !finding.verdicts.is_empty()));
        assert!(!report.render(Detail::Whole).is_empty());
        let written = draft.render();
        assert!(written.parse::<toml::Table>().is_ok(), "{written}");
    }
}

fn samples() -> Vec<(Format, String)> {
    let inputs = SAMPLES.iter().flat_map(|sample| sample.inputs().expect("the sample is there"));
    inputs.flat_map(|(format, files)| files.into_iter().map(move |file| (format, file.text))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn random_text_is_survived(text in r#"[a-z/~^$@ {};"'\\\[\]=:%()#\n.*$0-9-]{0,200}"#) {
        for format in Format::ALL {
            survives(format, &text);
        }
    }

    #[test]
    fn random_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for format in Format::ALL {
            survives(format, &String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn a_sample_with_something_cut_out_doubled_or_put_in_is_survived(
        which in any::<prop::sample::Index>(),
        cut in any::<(prop::sample::Index, prop::sample::Index)>(),
        put in r#"[{};"'\\$%\n\[\]()~^*]{0,4}"#,
        twice in any::<bool>(),
    ) {
        let samples = samples();
        let (format, text) = which.get(&samples);
        let letters: Vec<char> = text.chars().collect();
        let (from, to) = (cut.0.index(letters.len()), cut.1.index(letters.len()));
        let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 40));
        let middle: String = if twice { letters[from..to].iter().collect::<String>().repeat(2) } else { String::new() };
        let head: String = letters[..from].iter().collect();
        let tail: String = letters[to..].iter().collect();
        survives(*format, &format!("{head}{put}{middle}{tail}"));
    }
}
