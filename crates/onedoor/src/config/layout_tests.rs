//! Whatever the text, fmt changes blanks and nothing else, and a second time nothing at all.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn laid_out(text: &str) -> String {
    Layout::of_text("onedoor.toml", text.to_owned()).unwrap_or_else(|errors| panic!("{errors}")).after
}

fn comments(text: &str) -> Vec<String> {
    let comments = Lexed::new(text).lex().filter(|token| token.kind() == TokenKind::Comment);
    comments
        .map(|token| without_trailing(&text[token.span().start()..token.span().end()]).to_owned())
        .collect()
}

/// Laid out, nothing is lost, added or said otherwise, and it stays so.
#[track_caller]
fn keeps_its_meaning(text: &str) {
    let after = laid_out(text);
    let value = |text: &str| text.parse::<toml::Table>();
    assert_eq!(value(&after), value(text.trim_start_matches('\u{feff}')), "{text:?}\nbecame {after:?}");
    assert_eq!(comments(&after), comments(text), "{after}");
    assert_eq!(laid_out(&after), after, "a second time");
    assert!(after.is_empty() || after.ends_with('\n') && !after.ends_with("\n\n"), "{after:?}");
}

#[test]
fn what_stands_between_the_words_is_made_one_form() {
    for (before, after) in [
        ("", ""),
        ("\n\n", ""),
        ("a=1", "a = 1\n"),
        ("\u{feff}a = 1\n", "a = 1\n"),
        ("  a   =   1  \t\r\n\r\n\r\n\r\nb=2\r\n\r\n", "a = 1\n\nb = 2\n"),
        ("a . b = 1\n\"c d\" . e=2", "a.b = 1\n\"c d\".e = 2\n"),
        ("# one  \n\n\n  # two\na=1#three\nb = 2   # four", "# one\n\n# two\na = 1 #three\nb = 2   # four\n"),
        ("[ server ]#x\n [ routes . \"a b\" ]  # y\n[[a]] \n", "[server] #x\n[routes.\"a b\"]  # y\n[[a]]\n"),
        ("a={x=1,y=[1,2],z={}}", "a = { x = 1, y = [1, 2], z = {} }\n"),
        ("a = { x  = 1,    y = 2 }", "a = { x  = 1,    y = 2 }\n"),
        ("a = [ # x \n\n  1, 2 ,   \n\t3,#y\n]\n", "a = [ # x\n\n  1, 2 ,\n\t3, #y\n]\n"),
        ("a = 1979-05-27 07:32:00\nb = -1.5e+3\n", "a = 1979-05-27 07:32:00\nb = -1.5e+3\n"),
        ("a = '''\n  x = 1  \n\n\n# no comment \n'''\n", "a = '''\n  x = 1  \n\n\n# no comment \n'''\n"),
    ] {
        assert_eq!(laid_out(before), after, "{before:?}");
        keeps_its_meaning(before);
    }
}

#[test]
fn the_apps_jobs_and_routes_of_a_block_have_their_signs_in_one_column() {
    let before = "[apps]\nweb={run=\"a\"}\nlonger = \"b\"  # text\n\nx = \"c\"\n# who\nyy = { run = \"d\" }\nmany = [\n\"e\"]\nz = \"f\"\n\
                  [server]\nlisten = \":80\"\nname = \"x\"\n[profile.dev.routes]\n\"/\" = {respond=\"é\"}\n\"/é/*\" = {respond=\"x\"}\n[apps.v]\nrun = \"g\"\npath = \"/\"\n";
    let after = "[apps]\nweb    = { run = \"a\" }\nlonger = \"b\"  # text\n\nx = \"c\"\n# who\nyy = { run = \"d\" }\nmany = [\n\"e\"]\nz = \"f\"\n\
                 [server]\nlisten = \":80\"\nname = \"x\"\n[profile.dev.routes]\n\"/\"    = { respond = \"é\" }\n\"/é/*\" = { respond = \"x\" }\n[apps.v]\nrun = \"g\"\npath = \"/\"\n";
    assert_eq!(laid_out(before), after);
    keeps_its_meaning(before);
}

#[test]
fn what_was_set_by_hand_stays() {
    let zoo = include_str!("../../../../examples/zoo/onedoor.toml");
    assert_eq!(laid_out(zoo), zoo);
}

#[test]
fn every_good_text_of_the_tests_keeps_its_meaning() {
    let mut seen = 0;
    for text in [
        include_str!("tests/accepted.rs"),
        include_str!("tests/conditions.rs"),
        include_str!("tests/defaults.rs"),
        include_str!("tests/develop.rs"),
        include_str!("tests/layers.rs"),
        include_str!("tests/lists.rs"),
        include_str!("tests/never_panics.rs"),
        include_str!("tests/prefix.rs"),
        include_str!("tests/wishes.rs"),
        include_str!("../../../../docs/config.md"),
        include_str!("../../../../docs/routing.md"),
        include_str!("../../../../docs/jobs.md"),
        include_str!("../../../../README.md"),
    ] {
        // Texts stand between quotes in the tests, and between fences in the documents.
        let unescaped = text.replace("\\n", "\n").replace("\\\"", "\"").replace("\\\n", "\n");
        for part in
            unescaped.split("```toml").flat_map(|part| part.split("```")).chain(unescaped.split("r#\""))
        {
            let part = part.split("\"#").next().unwrap_or(part);
            for end in [part.trim_end(), part.trim_end().trim_end_matches(['"', ')', ';', ','])] {
                if end.parse::<toml::Table>().is_ok_and(|table| !table.is_empty()) {
                    keeps_its_meaning(end);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen >= 20, "only {seen} texts were found");
}

#[test]
fn what_is_no_toml_is_refused_with_its_place() {
    let error = Layout::of_text("a.toml", "a = 1\n[apps\n".to_owned()).unwrap_err();
    assert!(error.to_string().contains("a.toml:2:"), "{error}");
    let error = Layout::of_text("a.toml", "a = 1\na = 2\n".to_owned()).unwrap_err();
    assert!(error.to_string().contains("given twice"), "{error}");
}

/// Pieces that often make a document.
fn document() -> impl Strategy<Value = String> {
    let blank = "[ \t]{0,3}";
    let value = prop_oneof![
        Just("1".to_owned()),
        Just("-0.5e3".to_owned()),
        Just("\"a # b\"".to_owned()),
        Just("'=,{'".to_owned()),
        Just("\"\"\"\n x  \n\n\"\"\"".to_owned()),
        Just("'''a\r\n b'''".to_owned()),
        "\\[ {0,2}1,[ \n]{0,3}2 {0,1}(,|)[ \n\t]{0,2}(#c \n|)\\]",
        "\\{ {0,2}a {0,2}= {0,1}1 {0,1}, {0,2}b\\.c=\\[\\] {0,2}\\}",
        Just("{}".to_owned()),
        Just("[{a=1},\n\n  {a=2}]".to_owned()),
    ];
    let end = prop_oneof![Just(""), Just("#c"), Just("   # c  "), Just(" \t")];
    let entry = (blank, 0..200_u32, blank, blank, value, end)
        .prop_map(|(a, key, b, c, value, end)| format!("{a}k{key}{b}={c}{value}{end}"));
    let statement = prop_oneof![
        6 => entry,
        1 => Just("[apps]".to_owned()),
        1 => Just(" [ routes ] # r".to_owned()),
        1 => "\\[profile\\.[a-z]\\. {0,1}jobs\\]",
        1 => "\\[\\[t[0-9]\\]\\] {0,2}(#x|)",
        2 => " {0,2}# {0,2}[a-z]{0,3} {0,2}",
        3 => blank,
    ];
    (prop::collection::vec((statement, prop_oneof![Just("\n"), Just("\r\n")]), 0..14))
        .prop_map(|lines| lines.into_iter().map(|(line, end)| format!("{line}{end}")).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_document_keeps_its_meaning_and_its_comments(text in document()) {
        if Layout::of_text("x", text.clone()).is_ok() {
            keeps_its_meaning(&text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "(?s)[\\[\\]{}=,.#\"'a\n\r \t\u{e9}]{0,40}") {
        lay_out(&text);
        if Layout::of_text("x", text.clone()).is_ok() {
            keeps_its_meaning(&text);
        }
    }
}
