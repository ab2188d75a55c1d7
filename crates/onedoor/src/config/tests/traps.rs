//! Every trap as it is drawn, and what its fix makes of the file. Accept a changed text only if it reads better.

use super::fine;
use crate::config::Paint;
use crate::config::fix;
use crate::config::mend::this_round;

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
];

#[test]
fn each_is_drawn_with_its_place_its_cause_and_what_to_do() {
    for (name, text) in TRAPS {
        let loaded = fine(text);
        assert!(!loaded.warnings.is_empty(), "{name}");
        let mut told = loaded.warnings.render(Paint::Plain);
        let edits: Vec<_> =
            this_round(&loaded.warnings.found).into_iter().flat_map(|fix| fix.edits.clone()).collect();
        if !edits.is_empty() {
            let mended = fix::applied(text, &edits).unwrap_or_else(|| panic!("{name}: {edits:?}"));
            told.push_str(&["mended:\n", &mended].concat());
        }
        insta::assert_snapshot!(*name, told);
    }
}
