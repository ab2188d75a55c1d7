//! The door itself: the real binary, started with a given file, its lines caught, its end awaited.
#![expect(clippy::disallowed_methods, reason = "a test is not PID 1: it may make children and wait for them")]

use std::ffi::OsString;
use std::net::{Ipv6Addr, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};
use std::{fs, io, process, thread};

use tempfile::TempDir;

use super::{GUARD, Wire, repository};

/// A running door.
#[derive(Debug)]
pub(crate) struct Door {
    port: u16,
    dir: TempDir,
    /// The process that was started: onedoor itself, or the `unshare` around it.
    child_pid: u32,
    /// Whom signals go to.
    pid: u32,
    lines: Arc<Lines>,
    /// One per stream; each ends with its stream.
    readers: Vec<thread::JoinHandle<()>>,
    ended: Receiver<ExitStatus>,
    exit_code: Option<i32>,
}

/// Which of the door's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// Everything the door has said so far.
#[derive(Debug, Default)]
struct Lines {
    said: Mutex<Vec<(Stream, String)>>,
    more: Condvar,
}

/// A door about to be started.
#[derive(Debug)]
pub(crate) struct Setting {
    dir: TempDir,
    environment: Vec<(OsString, OsString)>,
    around: Vec<String>,
    /// What onedoor is told.
    words: Vec<String>,
}

impl Door {
    /// A folder with `onedoor.toml` in it. The port is given by PORT, as a platform would.
    pub(crate) fn with(toml: &str) -> Setting {
        let dir = tempfile::Builder::new().prefix("onedoor-it-").tempdir().expect("a folder for the test");
        fs::write(dir.path().join("onedoor.toml"), toml).expect("the test's folder can be written");
        Setting { dir, environment: Vec::new(), around: Vec::new(), words: vec!["up".to_owned()] }
    }

    /// Starts a door with this file and waits until it accepts.
    pub(crate) fn start(toml: &str) -> Self {
        Self::with(toml).start()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A fresh connection.
    pub(crate) fn wire(&self) -> Wire {
        Wire::to(self.port)
    }

    /// One plain GET on a connection of its own.
    pub(crate) fn fetch(&self, target: &str) -> super::Message {
        let mut wire = self.wire();
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: door.test\r\nConnection: close\r\n\r\n"));
        wire.response()
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.pid, name);
    }

    /// Waits for the first line, past or future, that `wanted` likes.
    pub(crate) fn line(&self, stream: Stream, wanted: impl Fn(&str) -> bool) -> String {
        self.lines_until(1, stream, wanted).remove(0)
    }

    /// Waits until `count` lines are what `wanted` likes, and returns them.
    pub(crate) fn lines_until(
        &self,
        count: usize,
        stream: Stream,
        wanted: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let deadline = Instant::now() + GUARD;
        let mut said = self.lines.said.lock().expect("no reader of lines panics");
        loop {
            let found: Vec<String> = said
                .iter()
                .filter(|(from, line)| *from == stream && wanted(line))
                .map(|(_, line)| line.clone())
                .collect();
            if found.len() >= count {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "only {} of {count} wanted lines came on {stream:?}", found.len());
            said = self.lines.more.wait_timeout(said, left).expect("no reader of lines panics").0;
        }
    }

    /// The access line of the one request whose line has `word` in it.
    pub(crate) fn access_line(&self, word: &str) -> serde_json::Value {
        let line = self.line(Stream::Stdout, |line| {
            line.starts_with('{') && line.contains("\"status\"") && line.contains(word)
        });
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// What the door has said on `stream` up to now.
    pub(crate) fn said(&self, stream: Stream) -> Vec<String> {
        let said = self.lines.said.lock().expect("no reader of lines panics");
        said.iter().filter(|(from, _)| *from == stream).map(|(_, line)| line.clone()).collect()
    }

    /// Waits for the end and for its last line; 128 + n for a death by signal n, as a shell says it.
    pub(crate) fn exit_code(&mut self) -> i32 {
        if let Some(code) = self.exit_code {
            return code;
        }
        let status = self.ended.recv_timeout(GUARD).expect("the door does not end");
        for reader in self.readers.drain(..) {
            reader.join().expect("no reader of lines panics");
        }
        let code = status.code().or_else(|| status.signal().map(|number| 128 + number));
        *self.exit_code.insert(code.expect("an ended process has a code or a signal"))
    }

    /// TERM, and the exit code.
    pub(crate) fn stop(mut self) -> i32 {
        self.signal("TERM");
        self.exit_code()
    }

    fn is_running(&self) -> bool {
        self.exit_code.is_none() && matches!(self.ended.try_recv(), Err(mpsc::TryRecvError::Empty))
    }

    /// Retries the connection, paced by whatever the door says meanwhile.
    fn await_accept(&self) {
        let deadline = Instant::now() + GUARD;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "the door does not open");
            assert!(self.is_running(), "the door ended instead of opening");
            let said = self.lines.said.lock().expect("no reader of lines panics");
            drop(self.lines.more.wait_timeout(said, Duration::from_millis(10)));
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if self.is_running() {
            // The apps follow: each asked the kernel to die with the door.
            signal(self.pid, "KILL");
            self.ended.recv_timeout(GUARD).ok();
            if self.pid != self.child_pid {
                signal(self.child_pid, "KILL");
            }
        }
        if thread::panicking() {
            eprintln!("--- what the door on port {} said", self.port);
            for (stream, line) in
                self.lines.said.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter()
            {
                eprintln!("{stream:?}: {line}");
            }
        }
    }
}

impl Setting {
    pub(super) fn into_dir(self) -> TempDir {
        self.dir
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Puts a file beside `onedoor.toml`.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.dir.path().join(name), content).expect("the test's folder can be written");
        self
    }

    /// Puts a gate beside `onedoor.toml`: a reader waits at it until [`open_gate`] is called.
    pub(crate) fn gate(self, name: &str) -> Self {
        make_gate(self.dir.path(), name);
        self
    }

    pub(crate) fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Leaves the door so many file descriptors, its own included.
    pub(crate) fn with_descriptors(self, count: u32) -> Self {
        // Not the last command, or some shells would become onedoor instead of having it as a child.
        self.inside(&["sh", "-c", &format!("ulimit -n {count}; \"$@\"; exit $?"), "sh"])
    }

    /// A command to run onedoor in: `unshare …`.
    pub(crate) fn inside(mut self, words: &[&str]) -> Self {
        self.around = words.iter().map(ToString::to_string).collect();
        self
    }

    /// The command that onedoor is run in.
    pub(crate) fn around(&self) -> &[String] {
        &self.around
    }

    /// Other words than `up`.
    pub(crate) fn command(mut self, words: &[&str]) -> Self {
        self.words = words.iter().map(ToString::to_string).collect();
        self
    }

    pub(crate) fn start(self) -> Door {
        let door = self.launch();
        door.await_accept();
        door
    }

    /// Starts the door without waiting for it to open.
    pub(crate) fn launch(self) -> Door {
        let port = free_port();
        let mut words = self.around.clone();
        words.push(binary().to_str().expect("the repository's path is UTF-8").to_owned());
        words.extend(self.words.clone());
        let mut command = command(&words[0], self.dir.path());
        command.args(&words[1..]).env("PORT", port.to_string()).envs(self.environment);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("dist/onedoor can be run");
        let lines = Arc::new(Lines::default());
        let readers = vec![
            follow(child.stdout.take().expect("stdout is piped"), Stream::Stdout, &lines),
            follow(child.stderr.take().expect("stderr is piped"), Stream::Stderr, &lines),
        ];
        let (child_pid, (tell, ended)) = (child.id(), mpsc::channel());
        thread::spawn(move || {
            let status = child.wait().expect("a child can be waited for");
            // A test that no longer listens has dropped its door.
            tell.send(status).ok();
        });
        let pid = if self.around.is_empty() { child_pid } else { door_behind(child_pid) };
        Door { port, dir: self.dir, child_pid, pid, lines, readers, ended, exit_code: None }
    }
}

fn make_gate(dir: &Path, name: &str) {
    let made = Command::new("mkfifo").arg(dir.join(name)).status().expect("mkfifo is there");
    assert!(made.success());
}

/// Lets whoever waits at the gate pass.
pub(crate) fn open_gate(door: &Door, name: &str) {
    let path = door.dir().join(name);
    let (tell, opened) = mpsc::channel();
    thread::spawn(move || drop(tell.send(fs::write(path, b"go\n"))));
    opened.recv_timeout(GUARD).expect("nobody waits at the gate").expect("the gate can be opened");
}

/// Runs `onedoor` with these arguments in `dir` to its end.
pub(crate) fn run_onedoor(dir: &Path, arguments: &[&str]) -> Output {
    run_program(dir, binary().to_str().expect("the repository's path is UTF-8"), arguments)
}

/// Runs any program with these arguments in `dir` to its end.
pub(crate) fn run_program(dir: &Path, program: &str, arguments: &[&str]) -> Output {
    let mut command = command(program, dir);
    let child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
    let (pid, (tell, ended)) = (child.id(), mpsc::channel());
    thread::spawn(move || drop(tell.send(child.wait_with_output())));
    match ended.recv_timeout(GUARD) {
        Ok(output) => output.expect("the output can be read"),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            signal(pid, "KILL");
            panic!("{program} {arguments:?} does not end");
        }
    }
}

/// A program that goes on running: its lines are read one by one, and it is spoken to.
#[derive(Debug)]
pub(crate) struct Running {
    child: process::Child,
    lines: Receiver<String>,
}

/// Starts any program with these arguments in `dir`.
pub(crate) fn start_program(dir: &Path, program: &str, arguments: &[&str]) -> Running {
    let mut command = command(program, dir);
    let started = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = started.unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
    let output = io::BufReader::new(child.stdout.take().expect("stdout is piped"));
    let (tell, lines) = mpsc::channel();
    thread::spawn(move || {
        io::BufRead::lines(output).map_while(Result::ok).try_for_each(|line| tell.send(line)).ok();
    });
    Running { child, lines }
}

impl Running {
    /// Its next line.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(GUARD).expect("the program says nothing more")
    }

    /// Waits for its end.
    pub(crate) fn exit_code(&mut self) -> i32 {
        // Its stdout ends with it.
        while self.lines.recv_timeout(GUARD) != Err(RecvTimeoutError::Disconnected) {}
        self.child.wait().expect("a child can be waited for").code().expect("it exits")
    }

    pub(crate) fn say(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().expect("stdin is piped");
        io::Write::write_all(input, format!("{line}\n").as_bytes()).expect("the program listens");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Door {
    /// Puts a gate into the door's folder, for those who come from now on.
    pub(crate) fn make_gate(&self, name: &str) {
        make_gate(self.dir(), name);
    }

    pub(crate) fn open_gate(&self, name: &str) {
        open_gate(self, name);
    }
}

/// A command in a plain environment: nothing of a platform's, nothing of the developer's but PATH.
fn command(program: &str, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir).stdin(Stdio::null()).env_clear();
    for name in ["PATH", "HOME", "LANG", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

pub(crate) fn binary() -> PathBuf {
    let path =
        std::env::var_os("ONEDOOR_BIN").map_or_else(|| repository().join("dist/onedoor"), PathBuf::from);
    assert!(path.is_file(), "{} is missing: run `make build` first", path.display());
    path
}

/// Sends a signal by its name, as an operator would.
pub(crate) fn signal(pid: u32, name: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).stderr(Stdio::null()).status();
    sent.expect("sh is there");
}

/// A port for one door. From below the ephemeral range, so that no outgoing connection of another test takes it
/// between this look and the door's bind; started by our own pid, so that two runs at once do not meet.
pub(super) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 10_000 + u16::try_from(process::id() % 97).expect("below 97") * 100;
    loop {
        let port = base + NEXT.fetch_add(1, Ordering::Relaxed) % 300;
        if TcpListener::bind((Ipv6Addr::UNSPECIFIED, port))
            .or_else(|_| TcpListener::bind(("0.0.0.0", port)))
            .is_ok()
        {
            return port;
        }
    }
}

fn follow(
    output: impl io::Read + Send + 'static,
    stream: Stream,
    lines: &Arc<Lines>,
) -> thread::JoinHandle<()> {
    let lines = Arc::clone(lines);
    thread::spawn(move || {
        let mut reader = io::BufReader::new(output);
        let mut line = Vec::new();
        while io::BufRead::read_until(&mut reader, b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            lines.said.lock().expect("no waiter holds the lock while it panics").push((stream, text));
            lines.more.notify_all();
            line.clear();
        }
    })
}

/// The door behind an `unshare --fork`, a shell or an interpreter, as this side of a namespace numbers it.
fn door_behind(pid: u32) -> u32 {
    let deadline = Instant::now() + GUARD;
    loop {
        if let Some(door) = door_among(pid) {
            return door;
        }
        assert!(Instant::now() < deadline, "no door runs behind {pid}");
        thread::yield_now();
    }
}

/// Among a process and its descendants. Who is about to become an app has the same program and another first word.
fn door_among(pid: u32) -> Option<u32> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let mut words = line.split(|byte| *byte == 0);
    let is_binary = words.next() == Some(binary().as_os_str().as_encoded_bytes());
    if is_binary && words.next() != Some(b"__child") {
        return Some(pid);
    }
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    children.split_whitespace().find_map(|child| door_among(child.parse().ok()?))
}
