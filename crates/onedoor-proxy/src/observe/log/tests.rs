//! The log on pipes, as a container's runtime reads it.

use super::*;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::UNIX_EPOCH;

const NOW: SystemTime = UNIX_EPOCH;

/// Long enough for any machine; nothing waits for it to pass.
const EVER: Duration = Duration::from_secs(60);

fn lines(look: Look, apps: AppsFormat) -> Lines {
    Lines::new(look, &LogConfig { apps, name_width: 6, ..LogConfig::default() }, [false, false])
}

fn speaker(app: &str, stream: AppStream) -> Speaker {
    Speaker { app: app.into(), pid: Pid::new(7).unwrap(), stream }
}

fn whole(text: &[u8]) -> Line<'_> {
    Line { text, end: LineEnd::Lf, before: 0 }
}

fn text(line: Vec<u8>) -> String {
    String::from_utf8(line).unwrap()
}

#[test]
fn a_person_reads_prefixes() {
    let lines = lines(Look::Human, AppsFormat::AsFormat);
    assert_eq!(
        text(lines.app(NOW, &speaker("node", AppStream::Out), whole(b"200 GET /"))),
        "node    │ 200 GET /\n"
    );
    let dos = Line { text: b"dos", end: LineEnd::CrLf, before: 0 };
    assert_eq!(text(lines.app(NOW, &speaker("node", AppStream::Out), dos)), "node    │ dos\n");
    let event = |level, app, message| text(lines.event(NOW, level, app, &message));
    assert_eq!(event(Level::Info, Some("node"), "ready in 1.8 s"), "onedoor │ node: ready in 1.8 s\n");
    assert_eq!(event(Level::Error, None, "a\nb"), "onedoor │ error: a b\n");
}

#[test]
fn a_terminal_gets_colours() {
    let config = LogConfig { name_width: 4, ..LogConfig::default() };
    let lines = Lines::new(Look::Human, &config, [true, false]);
    let out = text(lines.app(NOW, &speaker("node", AppStream::Out), whole(b"x")));
    let err = text(lines.app(NOW, &speaker("node", AppStream::Err), whole(b"x")));
    assert_eq!(out.contains('\x1b'), std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()));
    assert!(!err.contains('\x1b'));
}

#[test]
fn a_machine_reads_json() {
    let lines = lines(Look::Json, AppsFormat::AsFormat);
    assert_eq!(
        text(lines.app(NOW, &speaker("api", AppStream::Err), whole(b"say \"hi\"\x1b[0m\t\\\xff"))),
        "{\"time\":\"1970-01-01T00:00:00.000Z\",\"app\":\"api\",\"pid\":7,\"stream\":\"stderr\",\
         \"message\":\"say \\\"hi\\\"\\u001b[0m\\t\\\\\u{fffd}\"}\n"
    );
    assert_eq!(
        text(lines.event(NOW, Level::Warn, Some("api"), &"slow")),
        "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"warn\",\"app\":\"api\",\"message\":\"slow\"}\n"
    );
}

#[test]
fn any_bytes_become_valid_json() {
    let lines = lines(Look::Json, AppsFormat::AsFormat);
    let bytes: Vec<u8> = (0..=255).filter(|byte| *byte != b'\n').collect();
    let line = lines.app(NOW, &speaker("api", AppStream::Out), whole(&bytes));
    let object: serde_json::Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(object["message"], *String::from_utf8_lossy(&bytes));
}

#[test]
fn a_json_line_keeps_its_bytes_and_gets_the_keys_it_lacks() {
    let lines = lines(Look::Json, AppsFormat::AsFormat);
    let table: [(&[u8], &str); 7] = [
        (
            b"{\"level\":\"info\",\"n\":1.50}",
            "{\"app\":\"api\",\"pid\":7,\"stream\":\"stdout\",\"level\":\"info\",\"n\":1.50}\n",
        ),
        (b" { \"a\" : {} } ", "{\"app\":\"api\",\"pid\":7,\"stream\":\"stdout\",\"a\" : {} }\n"),
        (b"{}", "{\"app\":\"api\",\"pid\":7,\"stream\":\"stdout\"}\n"),
        (b"{ }", "{\"app\":\"api\",\"pid\":7,\"stream\":\"stdout\"}\n"),
        (b"{\"app\":\"mine\"}", "{\"pid\":7,\"stream\":\"stdout\",\"app\":\"mine\"}\n"),
        (b"{\"pid\":1,\"stream\":\"x\"}", "{\"app\":\"api\",\"pid\":1,\"stream\":\"x\"}\n"),
        (b"{\"app\":1,\"pid\":1,\"stream\":1}", "{\"app\":1,\"pid\":1,\"stream\":1}\n"),
    ];
    for (line, expected) in table {
        assert_eq!(text(lines.app(NOW, &speaker("api", AppStream::Out), whole(line))), expected);
    }
    for line in [&b"{oops}"[..], b"[1]", b"{\"a\":1} {\"b\":2}", b"{\"a\":\"\xff\"}", b"\"text\"", b""] {
        let line = lines.app(NOW, &speaker("api", AppStream::Out), whole(line));
        let object: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert!(object["message"].is_string(), "{object}");
    }
}

#[test]
fn a_line_that_comes_in_pieces_says_so() {
    let piece = |text, before, end| Line { text, end, before };
    let pieces = [
        piece(&b"{\"a\":1}"[..], 0, LineEnd::Open),
        piece(b"two", 1, LineEnd::Open),
        piece(b"", 2, LineEnd::Lf),
    ];
    let json = lines(Look::Json, AppsFormat::AsFormat);
    let marks = pieces.map(|piece| {
        let line = json.app(NOW, &speaker("api", AppStream::Out), piece);
        let object: serde_json::Value = serde_json::from_slice(&line).unwrap();
        (object["part"].as_u64().unwrap(), object["more"].as_bool().unwrap(), object["message"].to_string())
    });
    let expected = [(1, true, r#""{\"a\":1}""#), (2, true, r#""two""#), (3, false, r#""""#)];
    assert_eq!(marks, expected.map(|(part, more, message)| (part, more, message.to_owned())));
    let human = lines(Look::Human, AppsFormat::AsFormat);
    let shown = pieces.map(|piece| text(human.app(NOW, &speaker("api", AppStream::Out), piece)));
    assert_eq!(shown, ["api     │ {\"a\":1}…\n", "api     │ …two…\n", ""]);
}

#[test]
fn raw_is_raw_to_the_byte() {
    for look in [Look::Human, Look::Json] {
        let lines = lines(look, AppsFormat::Raw);
        let mut bytes = Vec::new();
        for (text, before, end) in [
            (&b"\x00\xff{"[..], 0, LineEnd::Lf),
            (b"dos", 0, LineEnd::CrLf),
            (b"Password: ", 0, LineEnd::Open),
            (b"", 1, LineEnd::Lf),
            (b"the end", 0, LineEnd::Missing),
        ] {
            bytes.extend(lines.app(NOW, &speaker("api", AppStream::Out), Line { text, end, before }));
        }
        assert_eq!(bytes, b"\x00\xff{\ndos\r\nPassword: \nthe end");
    }
}

#[test]
fn each_line_goes_to_its_stream_in_the_callers_order() {
    let (log, mut out, mut err) = Log::to_pipes(&LogConfig { format: Format::Human, ..LogConfig::default() });
    assert!(log.is_human());
    for number in 0..100 {
        log.access("web", format!("GET /{number}\n").as_bytes());
        log.app_line(&speaker("web", AppStream::Out), whole(format!("out {number}").as_bytes()));
        log.app_line(&speaker("web", AppStream::Err), whole(format!("err {number}").as_bytes()));
        log.event(Level::Info, None, number);
        log.event(Level::Debug, None, "not asked for");
    }
    log.flush(EVER);
    let expect = |pipe: &mut io::PipeReader, line: &dyn Fn(u32) -> String| {
        let expected: String = (0..100).map(line).collect();
        let mut found = vec![0; expected.len()];
        pipe.read_exact(&mut found).unwrap();
        assert_eq!(text(found), expected);
    };
    expect(&mut out, &|number| format!("GET /{number}\nweb     │ out {number}\n"));
    expect(&mut err, &|number| format!("web     │ err {number}\nonedoor │ {number}\n"));
}

#[test]
fn a_stream_that_is_not_a_terminal_gets_json() {
    let (log, ..) = Log::to_pipes(&LogConfig::default());
    assert!(!log.is_human());
}

#[test]
fn a_reader_that_sleeps_costs_lines_and_never_a_caller_and_the_gap_is_told_where_it_is() {
    let (log, out, mut err) = Log::to_pipes(&LogConfig { format: Format::Human, ..LogConfig::default() });
    let line = |number: usize| format!("{number:>1023}\n");
    let written = QUEUE_BYTES_MAX / 1024 * 2;
    for number in 0..written {
        log.access("web", line(number).as_bytes());
    }
    // The other stream is not held up.
    log.event(Level::Info, None, "still here");
    let mut news = vec![0; "onedoor │ still here\n".len()];
    err.read_exact(&mut news).unwrap();

    let mut out = BufReader::new(out);
    let mut next = || {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        line
    };
    let mut kept = 0;
    let gap = loop {
        let found = next();
        if found != line(kept) {
            break found;
        }
        kept += 1;
    };
    let lost = written - kept;
    assert_eq!(gap, format!("onedoor │ warning: {lost} lines were lost on stdout: it is not being read\n"));
    log.access("web", b"after\n");
    assert_eq!(next(), "after\n");
    log.flush(EVER);
}

#[test]
fn a_closed_stdout_is_told_of_and_neither_silences_stderr_nor_holds_the_end() {
    let (log, out, err) = Log::to_pipes(&LogConfig { format: Format::Human, ..LogConfig::default() });
    drop(out);
    for _ in 0..10 {
        log.access("web", b"nobody reads this\n");
    }
    log.flush(EVER);
    log.event(Level::Info, None, "but this");
    log.flush(EVER);
    let news: Vec<String> = BufReader::new(err).lines().take(2).map(Result::unwrap).collect();
    assert!(news[0].starts_with("onedoor │ warning: stdout is closed ("), "{news:?}");
    assert_eq!(news[1], "onedoor │ but this");
}

#[test]
fn a_full_disk_under_stdout_leaves_stderr_alone() {
    // /dev/full answers ENOSPC to every write (full(4)).
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let (reader, writer) = io::pipe().unwrap();
    let writer = std::fs::File::from(std::os::fd::OwnedFd::from(writer));
    let config = LogConfig { format: Format::Human, ..LogConfig::default() };
    let log = Log::start_on(&config, &full, &writer, None).unwrap();
    log.access("web", b"lost\n");
    log.flush(EVER);
    log.event(Level::Info, None, "unharmed");
    let news = BufReader::new(reader).lines().next().unwrap().unwrap();
    assert_eq!(news, "onedoor │ unharmed");
}

#[test]
fn a_flush_ends_at_its_deadline_when_nobody_reads() {
    let (log, out, _err) = Log::to_pipes(&LogConfig::default());
    for _ in 0..QUEUE_BYTES_MAX / 1024 {
        log.access("web", &[b'x'; 1024]);
    }
    log.flush(Duration::from_millis(1));
    drop(out);
    log.flush(EVER);
}

#[test]
fn a_non_blocking_socket_as_stdout_is_written_to_the_last_byte() {
    let (mut reader, writer) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    let writer = std::fs::File::from(std::os::fd::OwnedFd::from(writer));
    let (log, line) = (Log::start_on(&LogConfig::default(), &writer, &writer, None).unwrap(), [b'x'; 1024]);
    for _ in 0..2048 {
        log.access("web", &line);
    }
    let mut found = vec![0; 2048 * 1024];
    reader.read_exact(&mut found).unwrap();
    assert!(found.iter().all(|byte| *byte == b'x'));
    log.flush(EVER);
    reader.write_all(b"the other direction is unharmed").unwrap();
}
