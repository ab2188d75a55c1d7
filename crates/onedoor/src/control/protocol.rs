//! What is said over the control socket: one line of JSON each way, version 1; what is read of the log follows its
//! answer, an object a line.
//!
//! ```text
//!   {"v":1,"do":"restart","app":"web"}    {"v":1,"do":"status"}     {"v":1,"do":"logs","follow":true}
//!   {"ok":true}   {"error":"…"}           {"ok":true,"apps":[…]}    {"ok":true}  {"time":…}  {"time":…}  …
//! ```

use std::time::Duration;

use onedoor_linux::proc::{Pid, Usage, usages};
use serde_json::{Value, json};

use crate::apps::{AppRow, AppState, Wish};
use crate::loopback::Addresses;
use crate::observe::log::Kept;
use crate::registry::Weight;

/// The version of this protocol.
const VERSION: u64 = 1;

/// What may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Status,
    /// Read the file again.
    Reload,
    Wish {
        app: String,
        wish: Wish,
    },
    Read(Question),
}

/// What is to be read of what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) kept: Kept,
    /// Empty: everything.
    pub(crate) apps: Vec<String>,
    /// So long ago at most.
    pub(crate) since: Option<Duration>,
    /// So many at most of what there is.
    pub(crate) last: Option<usize>,
    pub(crate) until: Until,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    Now,
    /// What is still to come, too.
    TheEnd,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Done,
    /// What has changed, line by line.
    Reloaded(Vec<String>),
    Status(Status),
    /// Place, fact, remedy.
    Refused(String),
}

/// The door and its apps, as `status` shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// Where the door listens: `[::]:8000`, `unix:/run/door.sock`.
    pub(crate) addresses: Vec<String>,
    /// What it was started from, absolute; none: from a folder or a command.
    pub(crate) files: Vec<String>,
    pub(crate) apps: Vec<AppStatus>,
}

/// One app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppStatus {
    pub(crate) name: String,
    pub(crate) state: String,
    /// The program ends with it.
    pub(crate) essential: bool,
    /// More about the state: where it listens, why it is down.
    pub(crate) detail: String,
    /// Its side door, by which its siblings find it.
    pub(crate) url: Option<String>,
    pub(crate) command: String,
    pub(crate) place: String,
    pub(crate) restarts: u64,
    pub(crate) processes: Vec<ProcessStatus>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProcessStatus {
    pub(crate) replica: u64,
    pub(crate) pid: u64,
    pub(crate) state: String,
    pub(crate) up: Duration,
    /// Of it and all below it; None where the kernel does not say.
    pub(crate) usage: Option<Usage>,
}

impl Request {
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Status => json!({"v": VERSION, "do": "status"}),
            Self::Reload => json!({"v": VERSION, "do": "reload"}),
            Self::Wish { app, wish } => {
                let mut request = json!({"v": VERSION, "do": word(*wish), "app": app});
                if let Wish::Scale(replicas) = wish {
                    request["replicas"] = json!(replicas);
                }
                request
            }
            Self::Read(question) => question.to_json(),
        }
    }

    /// # Errors
    /// What is wrong with it, for whoever wrote it.
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        let request: Value = serde_json::from_slice(line).map_err(|error| format!("not JSON: {error}"))?;
        if request["v"].as_u64() != Some(VERSION) {
            return Err(format!("this onedoor speaks version {VERSION} of the protocol; use its own binary"));
        }
        let app = || match request["app"].as_str() {
            Some(app) => Ok(app.to_owned()),
            None => Err("`app` is missing".to_owned()),
        };
        let wish = match request["do"].as_str() {
            Some("status") => return Ok(Self::Status),
            Some("reload") => return Ok(Self::Reload),
            Some("logs") => return Ok(Self::Read(Question::parse(Kept::Lines, &request)?)),
            Some("events") => return Ok(Self::Read(Question::parse(Kept::Events, &request)?)),
            Some("restart") => Wish::Restart,
            Some("renew") => Wish::Renew,
            Some("stop") => Wish::Stop,
            Some("start") => Wish::Start,
            Some("scale") => {
                let replicas = request["replicas"].as_u64().and_then(|replicas| u16::try_from(replicas).ok());
                Wish::Scale(replicas.filter(|replicas| *replicas <= 1000).ok_or("`replicas` is 1 to 1000")?)
            }
            Some(other) => return Err(format!("`{}` is nothing this onedoor can do", other.escape_debug())),
            None => return Err("`do` is missing".to_owned()),
        };
        Ok(Self::Wish { app: app()?, wish })
    }
}

impl Question {
    fn to_json(&self) -> Value {
        let word = match self.kept {
            Kept::Lines => "logs",
            Kept::Events => "events",
        };
        let follow = match self.until {
            Until::Now => false,
            Until::TheEnd => true,
        };
        let mut request = json!({"v": VERSION, "do": word, "apps": self.apps, "follow": follow});
        if let Some(since) = self.since {
            request["since_ms"] = json!(millis(since));
        }
        if let Some(last) = self.last {
            request["lines"] = json!(last);
        }
        request
    }

    fn parse(kept: Kept, request: &Value) -> Result<Self, String> {
        let number = |key: &str| match &request[key] {
            Value::Null => Ok(None),
            number => number.as_u64().map(Some).ok_or_else(|| format!("`{key}` is a number")),
        };
        let apps = match &request["apps"] {
            Value::Null => Some(Vec::new()),
            apps => apps
                .as_array()
                .and_then(|apps| apps.iter().map(|app| Some(app.as_str()?.to_owned())).collect()),
        };
        let until = match &request["follow"] {
            Value::Null | Value::Bool(false) => Until::Now,
            Value::Bool(true) => Until::TheEnd,
            Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                return Err("`follow` is true or false".to_owned());
            }
        };
        Ok(Self {
            kept,
            apps: apps.ok_or("`apps` is a list of names")?,
            since: number("since_ms")?.map(Duration::from_millis),
            last: number("lines")?.map(|lines| usize::try_from(lines).unwrap_or(usize::MAX)),
            until,
        })
    }
}

fn word(wish: Wish) -> &'static str {
    match wish {
        Wish::Restart => "restart",
        Wish::Renew => "renew",
        Wish::Stop => "stop",
        Wish::Start => "start",
        Wish::Scale(_) => "scale",
    }
}

impl Answer {
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Done => json!({"ok": true}),
            Self::Reloaded(changes) => json!({"ok": true, "changes": changes}),
            Self::Refused(why) => json!({"ok": false, "error": why}),
            Self::Status(Status { addresses, files, apps }) => {
                let apps: Vec<Value> = apps.iter().map(AppStatus::to_json).collect();
                json!({"ok": true, "addresses": addresses, "files": files, "apps": apps})
            }
        }
    }

    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let answer: Value = serde_json::from_slice(line).ok()?;
        if let (true, Value::Array(_)) = (answer["ok"].as_bool()?, &answer["changes"]) {
            return lines(&answer["changes"]).map(Self::Reloaded);
        }
        Some(match (answer["ok"].as_bool()?, answer["apps"].as_array()) {
            (false, _) => Self::Refused(answer["error"].as_str()?.to_owned()),
            (true, None) => Self::Done,
            (true, Some(apps)) => Self::Status(Status {
                addresses: lines(&answer["addresses"])?,
                files: lines(&answer["files"])?,
                apps: apps.iter().map(AppStatus::parse).collect::<Option<_>>()?,
            }),
        })
    }
}

fn lines(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|line| Some(line.as_str()?.to_owned())).collect()
}

impl AppStatus {
    /// Every app and job, and what their processes use: the only look at that, made when somebody asks.
    pub(super) fn of_all(rows: &[AppRow], side_doors: &Addresses) -> Vec<Self> {
        let pids: Vec<Pid> = rows.iter().flat_map(|row| &row.processes).map(|process| process.pid).collect();
        let mut usages = usages(&pids).into_iter();
        let of = |row: &AppRow| Self { url: side_doors.url(&row.name), ..Self::of(row, &mut usages) };
        rows.iter().map(of).collect()
    }

    /// `usages` has one for each process.
    fn of(row: &AppRow, usages: &mut impl Iterator<Item = Option<Usage>>) -> Self {
        let (state, detail) = match &row.state {
            AppState::Idle => ("idle", "the first request starts it".to_owned()),
            AppState::Starting => ("starting", String::new()),
            AppState::Ready { listens, .. } => ("ready", listens.clone().unwrap_or_default()),
            AppState::Down { why } => ("down", why.to_string()),
            AppState::Stopping => ("stopping", String::new()),
            AppState::Runs { since } => ("running", format!("for {:.1} s", since.elapsed().as_secs_f64())),
            AppState::Done { after } => ("done", format!("in {:.1} s", after.as_secs_f64())),
            AppState::Scheduled { next: Some(next) } => ("scheduled", format!("next run at {next}")),
            AppState::Scheduled { next: None } => ("scheduled", "never runs again".to_owned()),
        };
        let processes = row.processes.iter().map(|process| ProcessStatus {
            replica: u64::from(process.replica),
            pid: u64::try_from(process.pid.number()).unwrap_or(0),
            state: process.state.to_owned(),
            up: process.began.elapsed(),
            usage: usages.next().flatten(),
        });
        Self {
            name: row.name.to_string(),
            state: state.to_owned(),
            essential: row.weight == Weight::Essential,
            detail,
            url: None,
            command: row.command.clone(),
            place: row.place.to_string(),
            restarts: row.restarts,
            processes: processes.collect(),
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "state": self.state,
            "essential": self.essential,
            "detail": self.detail,
            "url": self.url,
            "command": self.command,
            "place": self.place,
            "restarts": self.restarts,
            "processes": self.processes.iter().map(ProcessStatus::to_json).collect::<Vec<_>>(),
        })
    }

    fn parse(app: &Value) -> Option<Self> {
        let text = |key: &str| app[key].as_str().map(str::to_owned);
        Some(Self {
            name: text("name")?,
            state: text("state")?,
            essential: app["essential"].as_bool()?,
            detail: text("detail")?,
            url: text("url"),
            command: text("command")?,
            place: text("place")?,
            restarts: app["restarts"].as_u64()?,
            processes: app["processes"]
                .as_array()?
                .iter()
                .map(ProcessStatus::parse)
                .collect::<Option<_>>()?,
        })
    }
}

impl ProcessStatus {
    fn to_json(&self) -> Value {
        let mut process = json!({
            "replica": self.replica,
            "pid": self.pid,
            "state": self.state,
            "up_ms": millis(self.up),
        });
        if let Some(Usage { cpu, resident }) = self.usage {
            process["cpu_ms"] = json!(millis(cpu));
            process["memory_bytes"] = json!(resident);
        }
        process
    }

    fn parse(process: &Value) -> Option<Self> {
        let cpu = process["cpu_ms"].as_u64().map(Duration::from_millis);
        Some(Self {
            replica: process["replica"].as_u64()?,
            pid: process["pid"].as_u64()?,
            state: process["state"].as_str()?.to_owned(),
            up: Duration::from_millis(process["up_ms"].as_u64()?),
            usage: cpu.zip(process["memory_bytes"].as_u64()).map(|(cpu, resident)| Usage { cpu, resident }),
        })
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_asked_is_understood() {
        let wish = |wish| Request::Wish { app: "web".into(), wish };
        let all = [Wish::Restart, Wish::Renew, Wish::Stop, Wish::Start, Wish::Scale(3)].map(wish);
        let question = Question {
            kept: Kept::Lines,
            apps: vec!["web".into()],
            since: Some(Duration::from_secs(600)),
            last: Some(10),
            until: Until::TheEnd,
        };
        let bare = Question { kept: Kept::Events, apps: vec![], since: None, last: None, until: Until::Now };
        let more = [Request::Status, Request::Read(question), Request::Read(bare)];
        for request in all.into_iter().chain(more) {
            assert_eq!(Request::parse(request.to_json().to_string().as_bytes()), Ok(request));
        }
    }

    #[test]
    fn what_is_answered_is_understood() {
        let app = AppStatus {
            name: "web".into(),
            state: "ready".into(),
            detail: ":4000".into(),
            url: Some("http://127.0.0.1:21050".into()),
            command: "node \"x\"".into(),
            place: "onedoor.toml:2".into(),
            restarts: 3,
            essential: true,
            processes: vec![
                ProcessStatus {
                    replica: 1,
                    pid: 42,
                    state: "ready".into(),
                    up: Duration::from_millis(1234),
                    usage: Some(Usage { cpu: Duration::from_millis(20), resident: 4096 }),
                },
                ProcessStatus {
                    replica: 2,
                    pid: 43,
                    state: "starting".into(),
                    up: Duration::ZERO,
                    usage: None,
                },
            ],
        };
        let status = Status {
            addresses: vec!["[::]:8000".into()],
            files: vec!["/srv/onedoor.toml".into()],
            apps: vec![app],
        };
        for answer in [Answer::Done, Answer::Refused("no".into()), Answer::Status(status)] {
            assert_eq!(Answer::parse(answer.to_json().to_string().as_bytes()), Some(answer));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic_either_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            Request::parse(&bytes).ok();
            Answer::parse(&bytes);
        }
    }
}
