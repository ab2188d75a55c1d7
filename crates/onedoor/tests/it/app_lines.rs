//! The promise: what apps print arrives whole, in the chosen shape, and however much it is, nobody waits for its reader.

use std::io::{BufRead, BufReader};

use crate::kit::{Door, ECHO_PY, Stream};

fn printing(apps: &str, script: &str) -> Door {
    let file = format!(
        "[log]\naccess = \"off\"\napps = \"{apps}\"\n[apps]\nweb = {{ run = \"python3 app.py\", path = \"/\" }}\n"
    );
    Door::with(&file).file("app.py", format!("{script}\n{ECHO_PY}")).start()
}

#[test]
fn a_line_that_is_an_object_keeps_its_bytes_and_says_whose_it_is() {
    let door = printing("json", "print('{\"level\": \"info\",  \"n\": 1.50}', flush=True)");
    let pid = door.fetch("/pid").text().to_owned();
    let line = door.line(Stream::Stdout, |line| line.contains("\"level\": \"info\""));
    let expected =
        format!("{{\"app\":\"web\",\"pid\":{pid},\"stream\":\"stdout\",\"level\": \"info\",  \"n\": 1.50}}");
    assert_eq!(line, expected);
}

#[test]
fn a_line_that_is_too_long_comes_in_marked_parts_and_nothing_is_lost() {
    let door = printing("json", "print('x' * 40000, flush=True)");
    let lines = door.lines_until(3, Stream::Stdout, |line| line.contains("\"part\":"));
    let parts: Vec<serde_json::Value> =
        lines.iter().map(|line| serde_json::from_str(line).expect("each part is an object")).collect();
    let marks: Vec<_> = parts.iter().map(|part| (part["part"].as_u64(), part["more"].as_bool())).collect();
    assert_eq!(marks, [(Some(1), Some(true)), (Some(2), Some(true)), (Some(3), Some(false))]);
    let text: usize = parts.iter().filter_map(|part| Some(part["message"].as_str()?.len())).sum();
    assert_eq!(text, 40_000);
}

#[test]
fn a_prompt_without_a_newline_is_seen_while_the_app_waits() {
    let door = printing("prefix", "print('Are you sure? ', end='', flush=True)");
    let prompt = door.line(Stream::Stdout, |line| line.contains("Are you sure?"));
    assert!(prompt.starts_with("web"), "{prompt}");
}

#[test]
fn raw_is_what_the_app_printed_and_nothing_else() {
    let door = printing("raw", "print('just this', flush=True)");
    assert_eq!(door.line(Stream::Stdout, |line| line.contains("just this")), "just this");
}

/// 20 MB, then it listens.
const FLOOD: &str = "for number in range(20000):\n    print(number, 'x' * 1000)";

#[test]
fn a_flood_that_nobody_reads_blocks_neither_its_app_nor_a_request_and_the_loss_is_told() {
    let file = "[log]\napps = \"prefix\"\n[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\n";
    let setting = Door::with(file).file("app.py", format!("{FLOOD}\n{ECHO_PY}")).gate("unread");
    // Both ends of the pipe stay open in the shell, so writing begins and soon there is no room.
    let door = setting.inside(&["sh", "-c", "exec 3<>unread; \"$@\" >&3; exit $?", "sh"]).start();
    assert_eq!(door.fetch("/still").text(), "GET /still");
    let unread = std::fs::File::open(door.dir().join("unread")).expect("the pipe is there");
    let mut lines = BufReader::new(unread).lines().map(|line| line.expect("lines are text"));
    let told = lines.find(|line| line.contains("lost on stdout"));
    assert!(told.is_some());
}

#[test]
fn a_stdout_that_is_closed_blocks_neither_an_app_nor_a_request() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\n";
    let setting = Door::with(file).file("app.py", format!("{FLOOD}\n{ECHO_PY}"));
    let door = setting.inside(&["sh", "-c", "\"$@\" | true; exit 0", "sh"]).start();
    assert_eq!(door.fetch("/still").text(), "GET /still");
    door.line(Stream::Stderr, |line| line.contains("stdout is closed"));
}
