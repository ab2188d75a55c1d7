//! What is said over the control socket: one line of JSON each way, version 1.
//!
//! ```text
//!   {"v":1,"do":"restart","app":"web"}          {"v":1,"do":"status"}
//!   {"ok":true}   {"error":"…"}                 {"ok":true,"apps":[…]}
//! ```

use serde_json::{Value, json};

use crate::apps::{AppRow, AppState, Wish};

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
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Done,
    /// What has changed, line by line.
    Reloaded(Vec<String>),
    Apps(Vec<AppStatus>),
    /// Place, fact, remedy.
    Refused(String),
}

/// One app, as `status` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppStatus {
    pub(crate) name: String,
    pub(crate) state: String,
    /// More about the state: where it listens, why it is down.
    pub(crate) detail: String,
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
            Some("restart") => Wish::Restart,
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

fn word(wish: Wish) -> &'static str {
    match wish {
        Wish::Restart => "restart",
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
            Self::Apps(apps) => {
                let apps: Vec<Value> = apps.iter().map(AppStatus::to_json).collect();
                json!({"ok": true, "apps": apps})
            }
        }
    }

    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let answer: Value = serde_json::from_slice(line).ok()?;
        if let (true, Some(changes)) = (answer["ok"].as_bool()?, answer["changes"].as_array()) {
            let lines = changes.iter().map(|line| Some(line.as_str()?.to_owned()));
            return lines.collect::<Option<_>>().map(Self::Reloaded);
        }
        Some(match (answer["ok"].as_bool()?, answer["apps"].as_array()) {
            (false, _) => Self::Refused(answer["error"].as_str()?.to_owned()),
            (true, None) => Self::Done,
            (true, Some(apps)) => Self::Apps(apps.iter().map(AppStatus::parse).collect::<Option<_>>()?),
        })
    }
}

impl AppStatus {
    pub(super) fn of(row: &AppRow) -> Self {
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
        });
        Self {
            name: row.name.to_string(),
            state: state.to_owned(),
            detail,
            command: row.command.clone(),
            place: row.place.to_string(),
            restarts: row.restarts,
            processes: processes.collect(),
        }
    }

    fn to_json(&self) -> Value {
        let process = |process: &ProcessStatus| json!({"replica": process.replica, "pid": process.pid, "state": process.state});
        json!({
            "name": self.name,
            "state": self.state,
            "detail": self.detail,
            "command": self.command,
            "place": self.place,
            "restarts": self.restarts,
            "processes": self.processes.iter().map(process).collect::<Vec<_>>(),
        })
    }

    fn parse(app: &Value) -> Option<Self> {
        let text = |key: &str| app[key].as_str().map(str::to_owned);
        let process = |process: &Value| {
            Some(ProcessStatus {
                replica: process["replica"].as_u64()?,
                pid: process["pid"].as_u64()?,
                state: process["state"].as_str()?.to_owned(),
            })
        };
        Some(Self {
            name: text("name")?,
            state: text("state")?,
            detail: text("detail")?,
            command: text("command")?,
            place: text("place")?,
            restarts: app["restarts"].as_u64()?,
            processes: app["processes"].as_array()?.iter().map(process).collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_asked_is_understood() {
        let wish = |wish| Request::Wish { app: "web".into(), wish };
        let all = [Wish::Restart, Wish::Stop, Wish::Start, Wish::Scale(3)].map(wish);
        for request in all.into_iter().chain([Request::Status]) {
            assert_eq!(Request::parse(request.to_json().to_string().as_bytes()), Ok(request));
        }
    }

    #[test]
    fn what_is_answered_is_understood() {
        let app = AppStatus {
            name: "web".into(),
            state: "ready".into(),
            detail: ":4000".into(),
            command: "node \"x\"".into(),
            place: "onedoor.toml:2".into(),
            restarts: 3,
            processes: vec![ProcessStatus { replica: 1, pid: 42, state: "ready".into() }],
        };
        for answer in [Answer::Done, Answer::Refused("no".into()), Answer::Apps(vec![app])] {
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
