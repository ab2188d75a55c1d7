//! Every trap as it is drawn, and what its fix makes of the file. Accept a changed text only if it reads better.

use super::this_round;
use crate::config::Paint;
use crate::config::{Env, check_text, fix, report};

/// Its name, and the file.
const TRAPS: &[(&str, &str)] = &[
    ("trap_a_server_for_development", "[apps.web]\npath = \"/\"\nrun = \"npx next dev -p $PORT\"\n"),
    ("trap_a_script_for_development", "[apps]\nweb = \"npm run dev\"\n"),
    ("trap_a_server_that_reloads", "[apps]\nweb = [\"uvicorn\", \"--reload\", \"main:app\"]\n"),
    (
        "trap_a_program_compiled_at_start",
        "[apps.api]\npath = \"/api\"\nrun = \"go run ./cmd/api\"\ndev = \"air\"\n",
    ),
    ("trap_a_port_of_its_own", "[apps]\nweb = \"uvicorn main:app --port 3000\"\n"),
    (
        "trap_another_port_than_said",
        "[apps.web]\npath = \"/\"\nport = 4000\nrun = \"gunicorn -b 0.0.0.0:3000 a:b\"\n",
    ),
    ("trap_one_port_for_three", "[apps.web]\npath = \"/\"\nrun = \"next start -p 3000\"\nreplicas = 3\n"),
    ("trap_the_doors_port", "[apps]\nweb = \"./shop --listen :8000\"\n"),
    ("trap_a_way_around_the_door", "[apps]\nweb = \"uvicorn main:app --host 0.0.0.0\"\n"),
    (
        "trap_variables_that_say_where",
        "[apps.web]\npath = \"/\"\nrun = \"node x.js\"\nenv = { PORT = \"3000\", HOST = \"0.0.0.0\" }\n",
    ),
    ("trap_an_allowance_of_nothing", "[apps]\nweb = \"a\" # onedoor: allow(fixed-prot, syntax)\n"),
    (
        "trap_secrets_in_clear",
        "[apps.web]\npath = \"/\"\nrun = \"./x --db redis://:hunter2@db\"\nenv = { API_TOKEN = \"hunter2\", DB = \"postgres://a:hunter2@h\" }\n",
    ),
    (
        "trap_types_of_another_router",
        "[routes]\n\"/x/{id:int}\" = { respond = \"x\", when = { ip = \"10.0.0.1/8\" } }\n",
    ),
    ("trap_sessions_apart", "[apps.a]\npath = \"/\"\nrun = \"streamlit run app.py\"\nreplicas = 2\n"),
    ("trap_nobody_counts", "[apps.a]\npath = \"/\"\nrun = \"x\"\nessential = false\n"),
    (
        "trap_a_hidden_builtin",
        "[apps.web]\nhost = \"h.example\"\nrun = \"x\"\n[routes]\n\"/health\" = { builtin = \"health\" }\n",
    ),
    ("trap_an_encoded_slash", "[routes]\n\"/a%2Fb\" = { respond = \"x\" }\n"),
    (
        "trap_a_capture_of_another_router",
        "[routes]\n\"/x/{id}\" = { proxy = \"http://h\", rewrite = \"/y/$id\" }\n\"/o/*\" = { redirect = \"/n$request_uri\" }\n",
    ),
    ("trap_a_prefix_that_is_cut_off", "[apps.a]\npath = \"/a\"\nrun = \"next start\"\nstrip = true\n"),
    ("trap_a_prefix_that_is_kept", "[apps.a]\npath = \"/a\"\nrun = \"ollama serve\"\n"),
    ("trap_a_prefix_that_is_not_told", "[apps.a]\npath = \"/a\"\nrun = \"jupyter lab\"\n"),
    ("trap_a_prefix_that_is_not_asked_for", "[apps.a]\npath = \"/a\"\nrun = \"grafana server\"\n"),
];

/// On a platform.
const ON_HEROKU: &[(&str, &str)] = &[
    (
        "trap_longer_than_the_platform",
        "[server]\nstop_budget = \"1m\"\ntimeout = { first_byte = \"2m\" }\n[apps.a]\npath = \"/\"\nrun = \"x\"\nwhile_down = { for = \"1m\" }\n",
    ),
    ("trap_where_the_platform_does_not_ask", "[server]\nlisten = \"127.0.0.1:8000\"\n[apps]\nweb = \"a\"\n"),
];

#[test]
fn each_is_drawn_with_its_place_its_cause_and_what_to_do() {
    let heroku = [("DYNO", "web.1"), ("PORT", "5000")];
    let both =
        TRAPS.iter().map(|trap| (trap, &[][..])).chain(ON_HEROKU.iter().map(|trap| (trap, &heroku[..])));
    for ((name, text), variables) in both {
        let env = Env::made_of(variables.iter().copied());
        let loaded = check_text(text, &env).unwrap_or_else(|errors| panic!("{name}: {errors}"));
        assert!(!loaded.warnings.is_empty(), "{name}");
        let mut told = loaded.warnings.render(Paint::Plain);
        let edits: Vec<_> = this_round(&loaded.warnings.found).flat_map(|fix| fix.edits.clone()).collect();
        if !edits.is_empty() {
            let mended = fix::applied(text, &edits).unwrap_or_else(|| panic!("{name}: {edits:?}"));
            told.push_str(&["mended:\n", &mended].concat());
        }
        insta::assert_snapshot!(*name, told);
    }
}

#[test]
fn a_secret_is_in_no_message() {
    let (_, text) = TRAPS.iter().find(|(name, _)| *name == "trap_secrets_in_clear").expect("it is there");
    for text in [text.to_string(), text.replace("path", "pathh"), text.replace(" }", "")] {
        let outcome = check_text(&text, &Env::made_of([]));
        let told = match &outcome {
            Ok(loaded) => loaded.warnings.render(Paint::Plain),
            Err(errors) => errors.to_string(),
        };
        let machine = [format!("{:#}", report::json(&outcome)), report::github(&outcome)].concat();
        assert!(!told.contains("hunter2") && !machine.contains("hunter2"), "{told}{machine}");
    }
}
