//! The table of slips, each beside what was meant.

use proptest::prelude::*;

use super::*;

/// The text with every repair made.
fn mended(text: &str, reading: Reading) -> String {
    let mut out = text.to_owned();
    let mut repairs: Vec<_> = statements(text, reading)
        .into_iter()
        .flat_map(|one| one.slips)
        .filter_map(|slip| slip.repair)
        .collect();
    repairs.sort_by_key(|(range, _)| range.start);
    for (range, instead) in repairs.into_iter().rev() {
        out.replace_range(range, &instead);
    }
    out
}

#[test]
fn what_is_toml_is_left_alone() {
    for text in [
        include_str!("../tests/zoo.toml"),
        "a = 1\r\nb = \"x\" # c\r\n[t.\"x y\"]\n'l' = 'C:\\x'\nd = 1979-05-27T07:32:00Z\nf = 1.5e3\n",
        "a = { b = [1, 2,\n 3], c = \"\"\"x\n[y]\n\"\"\" }\n[[x]]\ny.z = { } # {\n",
        "l = [\n  \"a\", # one\n  \"b\",\n]\nm = [[1], [2]]\n\"a=b\" = \"c # d\"\n",
    ] {
        assert_eq!(mended(text, Reading::Typed), text);
    }
}

#[test]
fn slips_are_read_as_they_were_meant() {
    let table = [
        ("web = node x.js", "web = \"node x.js\""),
        ("web: \"x\"", "web = \"x\""),
        ("web = \"x", "web = \"x\""),
        ("web = 'x\"", "web = 'x'"),
        ("web = \u{201c}x\u{201d}", "web = \"x\""),
        ("web = \"x\u{201d}", "web = \"x\""),
        ("web = 'it's'", "web = \"it's\""),
        ("web = \"grep \"a\" b\"", "web = 'grep \"a\" b'"),
        ("[apps", "[apps]"),
        ("[apps)", "[apps]"),
        ("[apps]]", "[apps]"),
        ("[[apps]", "[apps]"),
        ("[routes./x]", "[routes.\"/x\"]"),
        ("[program:web]", "[apps.web]"),
        ("/x = { respond = \"a\" }", "\"/x\" = { respond = \"a\" }"),
        ("GET /x = { a = 1 }", "\"GET /x\" = { a = 1 }"),
        ("\"/x = { a = \"b\" }", "\"/x\" = { a = \"b\" }"),
        ("a = { b = 1 c = 2 }", "a = { b = 1, c = 2 }"),
        ("a = { \"b\": 1, c: \"x\" }", "a = { \"b\" = 1, c = \"x\" }"),
        ("a = {\n  b = 1\n  c = 2\n}\n", "a = {\n  b = 1,\n  c = 2\n}\n"),
        ("a = { b = 1, c = 2\nd = 3\n", "a = { b = 1, c = 2 }\nd = 3\n"),
        ("a = [\"x\" \"y\"]", "a = [\"x\", \"y\"]"),
        ("a = [\"x\", \"y\"\nd = 3\n", "a = [\"x\", \"y\"]\nd = 3\n"),
        ("a = [x, y.js]", "a = [\"x\", \"y.js\"]"),
        ("a = { b = ${P} }", "a = { b = \"${P}\" }"),
        ("a = $PORT", "a = \"${PORT}\""),
        ("a = yes", "a = true"),
        ("a = 08000", "a = 8000"),
        ("a = 3,000", "a = 3000"),
        ("a = \"C:\\app\\new\"", "a = 'C:\\app\\new'"),
        ("a = \"x\";", "a = \"x\""),
        ("a = \"x\",", "a = \"x\""),
        ("a = \"x\" // why", "a = \"x\" # why"),
        ("// why\na = 1", "# why\na = 1"),
        ("a == 1", "a = 1"),
        ("a => 1", "a = 1"),
        ("a \"x\"", "a = \"x\""),
        ("a = \"x\" b = \"y\"", "a = \"x\" \nb = \"y\""),
        ("apps {\n  a = 1\n}\n", "[apps]\n  a = 1\n\n"),
        ("a = (b = 1)", "a = {b = 1}"),
        ("a = { b = 1 ]", "a = { b = 1 }"),
        ("a = { b = \"x, c = 1 }", "a = { b = \"x\", c = 1 }"),
    ];
    for (text, meant) in table {
        assert_eq!(mended(text, Reading::Typed), meant, "{text}");
    }
}

#[test]
fn brackets_in_brackets_end_somewhere() {
    for open in ["[", "{a=", "[{a=", "(a="] {
        statements(&format!("x = {}", open.repeat(50_000)), Reading::Typed);
    }
}

proptest! {
    #[test]
    fn nothing_breaks_it(text in "[a-c\"'{}\\[\\]=:,.#$/\\\\ \n\u{201c}\u{e9}0-9]{0,60}") {
        for one in statements(&text, Reading::Typed) {
            for slip in one.slips {
                prop_assert!(text.get(slip.range).is_some());
                prop_assert!(slip.repair.is_none_or(|(range, _)| text.get(range).is_some()));
            }
        }
    }
}
