//! A terminal with a program in front of it, and somebody who types. `terminal.py` holds the terminal's other end.

use std::path::Path;

use tempfile::TempDir;

use super::door::{Running, free_port};
use super::{Setting, Wire, binary, repository, start_program};

/// `onedoor` at a terminal of 40 rows and 120 columns.
#[derive(Debug)]
pub(crate) struct Terminal {
    running: Running,
    /// Removed with it.
    _dir: TempDir,
    port: u16,
}

impl Terminal {
    /// Starts `onedoor` with these words and a port of its own.
    pub(crate) fn with(setting: Setting, words: &[&str]) -> Self {
        let (dir, port) = (setting.into_dir(), free_port());
        let script = repository().join("crates/onedoor/tests/it/kit/terminal.py");
        let (script, onedoor, port_word) = (script, binary(), port.to_string());
        let text = |path: &Path| path.to_str().expect("the repository's path is UTF-8").to_owned();
        let (script, onedoor) = (text(&script), text(&onedoor));
        let words = [&[&*script, &*onedoor], words, &["--port", &port_word]].concat();
        Self { running: start_program(dir.path(), "python3", &words), _dir: dir, port }
    }

    /// The next line that has `words` in it.
    pub(crate) fn until(&self, words: &str) -> String {
        loop {
            let line = self.running.line();
            if line.contains(words) {
                return line;
            }
            assert!(!line.starts_with("exit: "), "it ended before {words:?} was shown: {line}");
        }
    }

    /// Presses keys; `\u{3}` is Ctrl-C.
    pub(crate) fn types(&mut self, keys: &str) {
        let keys: String = keys.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
        self.running.say(&format!("type {keys}"));
    }

    /// Whether the program reads `keys silent`ly, or the terminal gives it `lines echo`ed.
    pub(crate) fn modes(&mut self) -> String {
        self.running.say("modes");
        self.until("modes: ").replace("modes: ", "")
    }

    pub(crate) fn signal(&mut self, name: &str) {
        self.running.say(&format!("signal {name}"));
    }

    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        self.running.say(&format!("resize {rows} {columns}"));
    }

    /// Closes the window.
    pub(crate) fn hang_up(&mut self) {
        self.running.say("hang up");
    }

    /// `0; terminal: same`
    pub(crate) fn end(&self) -> String {
        loop {
            if let Some(end) = self.running.line().strip_prefix("exit: ") {
                return end.to_owned();
            }
        }
    }

    /// One plain GET.
    pub(crate) fn fetch(&self, target: &str) -> super::Message {
        let mut wire = Wire::to(self.port);
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: door.test\r\nConnection: close\r\n\r\n"));
        wire.response()
    }
}
