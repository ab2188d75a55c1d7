//! Whatever stands in the file, there is an answer and never a panic.

use proptest::prelude::*;

use super::{Env, check_text, check_text_as, this_round};
use crate::config::fix::applied;

const ZOO: &str = r#"
name = "zoo"
[server]
listen = ["0.0.0.0:${PORT:-8000}", "unix:/run/d.sock"]
limits = { body = "10MiB", header = "32KiB" }
trusted_proxies = ["private", "10.0.0.0/8"]
[apps]
web = "uvicorn main:app"
[apps.api]
dir = "a"
path = "/api"
run = ["node", "x.js"]
env = { A = "${A:?why}", B = 1 }
ready = { path = "/healthz", every = "5s" }
restart = { backoff = "100ms..10s", give_up = "10 in 5m" }
[routes]
"GET a.example.com/x/{id:[0-9]+}/{rest...}" = { proxy = "https://h/b", rewrite = "/{id}" }
"/old/*" = { redirect = "/new", status = 308 }
"/r" = { json = { a = [1, 2.5, 1979-05-27] }, headers = { X = "1" } }
"#;

/// Words of the language in any order find more than random characters do.
fn language() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("[apps]\n".to_owned()),
        Just("[routes]\n".to_owned()),
        Just("[server]\n".to_owned()),
        Just("[apps.a]\n".to_owned()),
        Just("[apps.a.ready]\n".to_owned()),
        Just("[[apps]]\n".to_owned()),
        Just("[[routes.\"/a\"]]\n".to_owned()),
        Just("routes.\"/b\" = [{ respond = \"x\" }, {}]\n".to_owned()),
        Just("run = \"x\"\n".to_owned()),
        "(path|host|strip|rewrite|listen|env|ready|app|proxy|respond|json|x-y) = ",
        "\"(GET )?(a\\.b)?/[a-z{}*.:%]{0,6}\" = ",
        "(\"[$a-z{}:?/*-]{0,8}\"|[0-9]{1,20}|true|\\[\"a\"\\]|\\{ a = 1 \\}|1979-05-27|inf)\n",
        "\\PC{0,4}",
    ];
    proptest::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

/// JSON that may lack a bracket, and may hold any key of ours.
fn json() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "\"(apps|routes|server|defaults|app|profile|run|path|env|ready|json|x-y|min_version)\": ?",
        "\"[$a-z{}:?/*\\\\-]{0,8}\",?",
        "([0-9]{1,20}|1.5e3|true|null|//|,)",
        "[\\[\\]{}]",
        "\\PC{0,3}",
    ];
    proptest::collection::vec(word, 0..32).prop_map(|words| format!("{{{}}}", words.concat()))
}

proptest! {
    #[test]
    fn json_of_any_shape_never_panics(text in json()) {
        drop(check_text_as("f.json", &text, None, &Env::made_of([("A", "1")])).map_err(|errors| errors.to_string()));
    }

    #[test]
    fn layers_of_one_file_in_any_order_never_panic(base in language(), defaults in language(), profile in language()) {
        let nested = |text: &str, name: &str| text.replace("[[", "[").replace('[', &format!("[{name}."));
        let text = format!("{base}\n{}\n{}", nested(&defaults, "defaults.app"), nested(&profile, "profile.p"));
        let env = Env::made_of([("PORT", "x")]);
        drop(check_text_as("f.toml", &text, Some("p"), &env).map_err(|errors| errors.to_string()));
    }

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        drop(check_text(&text, &Env::made_of([])).map_err(|errors| errors.to_string()));
    }

    #[test]
    fn words_of_the_language_in_any_order_never_panic(text in language()) {
        drop(check_text(&text, &Env::made_of([("PORT", "x")])).map_err(|errors| errors.to_string()));
    }

    #[test]
    fn a_file_with_a_hole_or_a_splinter_in_it_never_panics(
        start in 0..ZOO.len(), length in 0..40_usize, splinter in "[\"'{}\\[\\]=\n$\u{e9}\u{0}]{0,3}",
    ) {
        let end = (start + length).min(ZOO.len());
        let text = format!("{}{splinter}{}", &ZOO[..start], &ZOO[end..]);
        drop(check_text(&text, &Env::made_of([("A", "1")])).map_err(|errors| errors.to_string()));
    }
}

/// One slip of the finger in a good file.
fn slip() -> impl Strategy<Value = String> {
    let place = 0..ZOO.len();
    let lines = || ZOO.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>();
    prop_oneof![
        place.clone().prop_map(|at| format!("{}{}", &ZOO[..at], &ZOO[at + 1..])),
        (place.clone(), "[\"'{}\\[\\]=,:.# \n]").prop_map(|(at, c)| format!(
            "{}{c}{}",
            &ZOO[..at],
            &ZOO[at..]
        )),
        (place.clone(), "[\"'{}\\[\\]=,:]").prop_map(|(at, c)| format!(
            "{}{c}{}",
            &ZOO[..at],
            &ZOO[at + 1..]
        )),
        place.prop_map(|at| ZOO[..at].to_owned()),
        (0..lines().len(), 0..lines().len()).prop_map(move |(one, other)| {
            let mut lines = lines();
            lines.swap(one, other);
            lines.concat()
        }),
        Just(ZOO.replace('"', "'")),
        Just(ZOO.replace(" = ", ": ")),
        Just(ZOO.replace('\n', "\r\n")),
    ]
}

proptest! {
    #[test]
    fn after_any_slip_the_fixes_fit_the_text_and_come_to_an_end(text in slip()) {
        let mut text = text;
        for round in 0..12 {
            let Err(errors) = check_text(&text, &Env::made_of([("A", "1")])) else { break };
            drop(errors.to_string());
            let fixes = this_round(&errors.errors);
            let edits: Vec<_> = fixes.flat_map(|fix| fix.edits.clone()).collect();
            if edits.is_empty() {
                break;
            }
            prop_assert!(round < 11, "never done:\n{text}");
            let mended = applied(&text, &edits);
            prop_assert!(mended.is_some(), "{edits:?}\n{text}");
            text = mended.unwrap_or_default();
        }
    }
}
