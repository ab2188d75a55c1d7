//! What one line of the log looks like, its end included. Pure: bytes in, bytes out.

use std::fmt::Display;
use std::time::SystemTime;

use super::time::push_rfc3339;
use super::{AppStream, AppsFormat, Level, Line, LineEnd, LogConfig, Speaker};

/// Our own name among the prefixes.
const OURSELVES: &str = "onedoor";

/// Where people see that a line was cut.
const CUT: &str = "…";

/// A longer line is not looked into whether it is JSON: it is wrapped.
const PARSED_BYTES_MAX: usize = 64 * 1024;

/// Colours of app names (SGR codes); red and yellow are left to errors and warnings.
const COLOURS: [&str; 8] = ["36", "32", "35", "34", "96", "92", "95", "94"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Human,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Colours {
    Yes,
    No,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AppLook {
    Prefix,
    Json,
    Raw,
}

/// Makes lines.
#[derive(Debug)]
pub(super) struct Lines {
    look: Look,
    apps: AppLook,
    /// On stdout and on stderr.
    colours: [Colours; 2],
    width: usize,
}

impl Lines {
    pub(super) fn new(look: Look, config: &LogConfig, terminals: [bool; 2]) -> Self {
        let apps = match (config.apps, look) {
            (AppsFormat::Prefix, _) | (AppsFormat::AsFormat, Look::Human) => AppLook::Prefix,
            (AppsFormat::Json, _) | (AppsFormat::AsFormat, Look::Json) => AppLook::Json,
            (AppsFormat::Raw, _) => AppLook::Raw,
        };
        // https://no-color.org: present and not empty.
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colours =
            terminals.map(|terminal| if terminal && !unwanted { Colours::Yes } else { Colours::No });
        Self { look, apps, colours, width: config.name_width.max(OURSELVES.len()) }
    }

    pub(super) fn look(&self) -> Look {
        self.look
    }

    /// What onedoor has to say.
    pub(super) fn event(
        &self,
        now: SystemTime,
        level: Level,
        app: Option<&str>,
        message: &impl Display,
    ) -> Vec<u8> {
        let mut line = Vec::with_capacity(160);
        match self.look {
            Look::Human => {
                let colours = self.colours(AppStream::Err);
                self.push_prefix(&mut line, OURSELVES, "1", colours);
                push_level(&mut line, level, colours);
                if let Some(app) = app {
                    line.extend_from_slice(app.as_bytes());
                    line.extend_from_slice(b": ");
                }
                // Whatever the message holds, an event is one line.
                line.extend(message.to_string().bytes().map(|byte| if byte == b'\n' { b' ' } else { byte }));
            }
            Look::Json => push_event(&mut line, now, level, app, message.to_string().as_bytes()),
        }
        line.push(b'\n');
        line
    }

    /// What an app printed.
    pub(super) fn app(&self, now: SystemTime, speaker: &Speaker, line: Line<'_>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(line.text.len() + 128);
        match self.apps {
            AppLook::Raw => {
                bytes.extend_from_slice(line.text);
                bytes.extend_from_slice(match line.end {
                    LineEnd::Lf => b"\n",
                    LineEnd::CrLf => b"\r\n",
                    LineEnd::Open | LineEnd::Missing => b"",
                });
            }
            // The end of a line whose text has been shown already: a prompt, and then its newline.
            AppLook::Prefix if line.before > 0 && line.text.is_empty() => {}
            AppLook::Prefix => {
                self.push_prefix(
                    &mut bytes,
                    &speaker.app,
                    colour_of(&speaker.app),
                    self.colours(speaker.stream),
                );
                if line.before > 0 {
                    bytes.extend_from_slice(CUT.as_bytes());
                }
                bytes.extend_from_slice(line.text);
                if line.end == LineEnd::Open {
                    bytes.extend_from_slice(CUT.as_bytes());
                }
                bytes.push(b'\n');
            }
            AppLook::Json => {
                let is_whole = line.before == 0 && line.end != LineEnd::Open;
                match json_object(line.text).filter(|_| is_whole) {
                    Some(object) => push_object(&mut bytes, &object, speaker),
                    None => push_wrapped(&mut bytes, now, speaker, line),
                }
                bytes.push(b'\n');
            }
        }
        bytes
    }

    fn colours(&self, stream: AppStream) -> Colours {
        let [out, err] = self.colours;
        match stream {
            AppStream::Out => out,
            AppStream::Err => err,
        }
    }

    /// `python │ `, the names padded to one width.
    fn push_prefix(&self, line: &mut Vec<u8>, name: &str, colour: &str, colours: Colours) {
        push_coloured(line, name, colour, colours);
        line.extend(std::iter::repeat_n(b' ', self.width.saturating_sub(name.chars().count())));
        push_coloured(line, " │ ", "2", colours);
    }
}

fn push_level(line: &mut Vec<u8>, level: Level, colours: Colours) {
    match level {
        Level::Debug => push_coloured(line, "debug: ", "2", colours),
        Level::Info => {}
        Level::Warn => push_coloured(line, "warning: ", "33", colours),
        Level::Error => push_coloured(line, "error: ", "31", colours),
    }
}

fn push_coloured(line: &mut Vec<u8>, text: &str, colour: &str, colours: Colours) {
    match colours {
        Colours::Yes => {
            for part in ["\x1b[", colour, "m", text, "\x1b[0m"] {
                line.extend_from_slice(part.as_bytes());
            }
        }
        Colours::No => line.extend_from_slice(text.as_bytes()),
    }
}

/// The same for one name in every run, so that a person learns it.
fn colour_of(name: &str) -> &'static str {
    let sum = name.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    COLOURS.get(sum % COLOURS.len()).copied().unwrap_or("0")
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}

pub(super) fn open_object(line: &mut Vec<u8>, now: SystemTime) {
    line.extend_from_slice(b"{\"time\":\"");
    push_rfc3339(line, now);
    line.push(b'"');
}

/// A line that is a JSON object.
struct JsonObject<'a> {
    /// All behind its opening brace.
    members: &'a [u8],
    /// Which of our own keys it lacks; a second one of a name would make it ambiguous.
    lacks: [bool; OUR_KEYS.len()],
}

/// What an app's line is told apart by.
const OUR_KEYS: [&str; 3] = ["app", "pid", "stream"];

fn json_object(text: &[u8]) -> Option<JsonObject<'_>> {
    let members = text.trim_ascii().strip_prefix(b"{").filter(|rest| rest.ends_with(b"}"))?;
    if text.len() > PARSED_BYTES_MAX {
        return None;
    }
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(text).ok()?;
    let lacks = OUR_KEYS.map(|key| !object.contains_key(key));
    Some(JsonObject { members: members.trim_ascii_start(), lacks })
}

/// The app's object, byte for byte, with what it lacks in front.
fn push_object(bytes: &mut Vec<u8>, object: &JsonObject<'_>, speaker: &Speaker) {
    bytes.push(b'{');
    let [app, pid, stream] = object.lacks;
    let separate = |bytes: &mut Vec<u8>| {
        if bytes.last() != Some(&b'{') {
            bytes.push(b',');
        }
    };
    if app {
        push_app(bytes, speaker);
    }
    if pid {
        separate(bytes);
        push_pid(bytes, speaker);
    }
    if stream {
        separate(bytes);
        push_stream(bytes, speaker);
    }
    if !object.members.starts_with(b"}") {
        separate(bytes);
    }
    bytes.extend_from_slice(object.members);
}

/// What onedoor has to say, as an object.
pub(super) fn push_event(
    bytes: &mut Vec<u8>,
    now: SystemTime,
    level: Level,
    app: Option<&str>,
    message: &[u8],
) {
    open_object(bytes, now);
    bytes.extend_from_slice(b",\"level\":\"");
    bytes.extend_from_slice(level_name(level).as_bytes());
    bytes.push(b'"');
    if let Some(app) = app {
        bytes.extend_from_slice(b",\"app\":");
        push_json_string(bytes, app.as_bytes());
    }
    bytes.extend_from_slice(b",\"message\":");
    push_json_string(bytes, message);
    bytes.push(b'}');
}

/// What an app printed, as an object.
pub(super) fn push_wrapped(bytes: &mut Vec<u8>, now: SystemTime, speaker: &Speaker, line: Line<'_>) {
    open_object(bytes, now);
    bytes.push(b',');
    push_app(bytes, speaker);
    bytes.push(b',');
    push_pid(bytes, speaker);
    bytes.push(b',');
    push_stream(bytes, speaker);
    let is_open = line.end == LineEnd::Open;
    if line.before > 0 || is_open {
        let part = line.before.saturating_add(1);
        bytes.extend_from_slice(format!(",\"part\":{part},\"more\":{is_open}").as_bytes());
    }
    bytes.extend_from_slice(b",\"message\":");
    push_json_string(bytes, line.text);
    bytes.push(b'}');
}

fn push_app(bytes: &mut Vec<u8>, speaker: &Speaker) {
    bytes.extend_from_slice(b"\"app\":");
    push_json_string(bytes, speaker.app.as_bytes());
}

fn push_pid(bytes: &mut Vec<u8>, speaker: &Speaker) {
    bytes.extend_from_slice(format!("\"pid\":{}", speaker.pid).as_bytes());
}

fn push_stream(bytes: &mut Vec<u8>, speaker: &Speaker) {
    bytes.extend_from_slice(match speaker.stream {
        AppStream::Out => b"\"stream\":\"stdout\"",
        AppStream::Err => b"\"stream\":\"stderr\"",
    });
}

/// Appends any bytes as a JSON string (RFC 8259 §7). What is not UTF-8 becomes U+FFFD; DEL and the line separators
/// that old JavaScript stumbles over are escaped like control characters.
pub fn push_json_string(line: &mut Vec<u8>, bytes: &[u8]) {
    line.push(b'"');
    for character in String::from_utf8_lossy(bytes).chars() {
        match character {
            '"' => line.extend_from_slice(b"\\\""),
            '\\' => line.extend_from_slice(b"\\\\"),
            '\n' => line.extend_from_slice(b"\\n"),
            '\r' => line.extend_from_slice(b"\\r"),
            '\t' => line.extend_from_slice(b"\\t"),
            '\0'..='\x1f' | '\x7f' | '\u{2028}' | '\u{2029}' => {
                line.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
            }
            plain => line.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    line.push(b'"');
}
