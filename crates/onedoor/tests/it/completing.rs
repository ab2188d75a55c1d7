//! The promise: the shells that most use complete the names that the file gives, and what is no name as before.

use std::process::Output;

use crate::kit::{Door, binary, run_program};

const FILE: &str = "[apps]\nweb = \"sleep 1\"\nworker = \"sleep 1\"\n[jobs]\nmigrate = { run = \"true\", on = \"start\" }\n\
                    [profile.staging]\nname = \"s\"\n";

/// What the shell makes of a script; None: it is not installed here.
fn shell(program: &str, script: &str) -> Option<String> {
    if !["/usr/bin", "/bin", "/usr/local/bin"]
        .iter()
        .any(|dir| std::path::Path::new(dir).join(program).exists())
    {
        eprintln!("SKIPPED: there is no {program} here");
        return None;
    }
    let setting = Door::with(FILE);
    let onedoor = binary();
    let path = format!("{}:/usr/bin:/bin", onedoor.parent().expect("it is in a folder").display());
    let around = format!("PATH={path}");
    let Output { stdout, stderr, .. } = run_program(setting.path(), "env", &[&around, program, "-c", script]);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let (out, talk) = (text(stdout), text(stderr));
    assert_eq!(talk, "", "{program}");
    Some(out)
}

/// Each line is what one command line could go on with.
fn bash(words: &[&str]) -> Option<String> {
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    let (all, last) = (words.join(" "), words.len());
    let script = format!(
        "source <(onedoor completions bash); COMP_WORDS=(onedoor {all}); COMP_CWORD={last}; \
         _onedoor onedoor \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; echo \"${{COMPREPLY[@]}}\""
    );
    shell("bash", &script).map(|out| out.trim().to_owned())
}

#[test]
fn bash_completes_the_names_of_the_file_and_everything_else() {
    let Some(apps) = bash(&["restart", ""]) else { return };
    assert_eq!(apps, "web worker");
    assert_eq!(bash(&["logs", "wo"]).as_deref(), Some("worker"));
    assert_eq!(bash(&["run", "m"]).as_deref(), Some("migrate"));
    assert_eq!(bash(&["dev", "--profile", ""]).as_deref(), Some("staging"));
    assert_eq!(
        bash(&["docs", "server.li"]).as_deref().map(|keys| keys.contains("server.limits.body")),
        Some(true)
    );
    assert_eq!(bash(&["explain", "route-gl"]).as_deref(), Some("route-glob"));
    assert_eq!(bash(&["comp"]).as_deref(), Some("completions"));
    assert_eq!(bash(&["restart", "--no-w"]).as_deref(), Some("--no-wait"));
}

#[test]
fn zsh_completes_the_names_of_the_file() {
    let line = |words: &str| {
        let script = format!(
            "compdef() {{ }}; compadd() {{ print -- $@ }}; _arguments() {{ print the rest }}; \
             source <(onedoor completions zsh); words=(onedoor {words}); CURRENT=$#words; _onedoor"
        );
        shell("zsh", &script).map(|out| out.trim().to_owned())
    };
    let Some(apps) = line("restart ''") else { return };
    assert_eq!(apps, "-- web worker");
    // zsh leaves out the empty suffix that stands behind -S.
    assert_eq!(line("scale wo").as_deref(), Some("-S -- worker="));
    assert_eq!(line("che").as_deref(), Some("the rest"));
}

#[test]
fn fish_completes_the_names_of_the_file_and_everything_else() {
    let line = |words: &str| {
        shell("fish", &format!("onedoor completions fish | source; complete -C 'onedoor {words}'"))
    };
    let Some(apps) = line("restart ") else { return };
    assert_eq!(apps.split_whitespace().collect::<Vec<_>>(), ["web", "worker"]);
    assert_eq!(line("run mi").as_deref(), Some("migrate\n"));
    assert!(line("comp").is_some_and(|out| out.starts_with("completions")));
}
