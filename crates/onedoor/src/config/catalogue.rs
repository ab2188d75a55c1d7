//! Every key of the language, one row each: the decoder, the did-you-mean list, `onedoor docs` and docs/config.md all
//! come from here, so they cannot drift apart.
//!
//! A `*` in a path stands for a name the operator chooses. Defaults are shown here and made in `resolve`; a test
//! compares the two.

/// One key.
#[derive(Debug)]
pub(crate) struct Row {
    /// `server.limits.header`, `apps.*.run`
    pub(crate) path: &'static str,
    /// What may be written, in the order in which it is tried.
    pub(crate) kinds: &'static [Kind],
    pub(crate) default: &'static str,
    pub(crate) text: &'static str,
    pub(crate) since: &'static str,
    pub(crate) status: Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Supported,
    /// Part of the language, but this version cannot do it.
    NotYet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Int {
        min: i64,
        max: i64,
    },
    /// A number with up to three decimals.
    Thousandths {
        min: i64,
        max: i64,
    },
    Bool,
    Duration,
    Size,
    /// One of a few words; some of them belong to a later version.
    Word {
        now: &'static [&'static str],
        later: &'static [&'static str],
    },
    TextList,
    /// Each of them within these bounds.
    IntList {
        min: i64,
        max: i64,
    },
    /// A string or a list of strings in which `${…}` is left alone (CONFIG.md §1.4).
    Command,
    /// One or several command lines, likewise.
    Commands,
    /// Names and texts, both chosen by the operator.
    TextMap,
    /// The same, where `${…}` is left alone.
    LiteralMap,
    /// The same, where a value may hold the address of an app.
    EnvMap,
    /// Any TOML value, as JSON.
    Json,
    /// Keys from this catalogue.
    Table,
    /// Several such tables.
    Tables,
}

impl Row {
    /// The last part of the path.
    pub(crate) fn key(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// `server.limits` for `server.limits.header`; empty at the top.
    pub(crate) fn parent(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(parent, _)| parent)
    }
}

/// All rows, in the order in which the reference shows them.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    [TOP, SERVER, APP, JOB, ROUTE, LOG, LATER].into_iter().flatten()
}

/// The tables that do have a key of this name: it was probably written in the wrong one.
pub(super) fn homes(key: &str) -> impl Iterator<Item = &'static str> {
    rows().filter(move |row| row.key() == key && row.status == Status::Supported).map(Row::parent)
}

/// "Did you mean" for a whole path.
pub(crate) fn nearest_path(path: &str) -> Option<&'static str> {
    let ends = rows().flat_map(|row| [row.path, row.key()]);
    super::suggest::nearest(path, ends)
}

/// The row for `key` in the table at `parent`: by name, else the one for any name.
pub(super) fn child(parent: &str, key: &str) -> Option<&'static Row> {
    let of_parent = || rows().filter(|row| row.parent() == parent);
    of_parent()
        .find(|row| row.key() == key && key != "*")
        .or_else(|| of_parent().find(|row| row.key() == "*"))
}

/// The table whose keys may stand in the row's own: most often itself, but some have the shape of another.
pub(crate) fn shape(row: &Row) -> &'static str {
    match row.path {
        "defaults.app" => "apps.*",
        "profile.*" => "",
        own => own,
    }
}

/// The forms a table takes, one at a time: the keys of which any says that it is that one. No form: none is listed.
pub(super) fn forms(pattern: &str) -> &'static [&'static [&'static str]] {
    match pattern {
        "apps.*" | "jobs.*" => &[&["run"]],
        "apps.*.ready" | "apps.*.live" => &[&["path"], &["log"], &["exec"], &["notify"]],
        "routes.*" => &[
            &["app"],
            &["proxy"],
            &["respond", "body", "json"],
            &["redirect"],
            &["builtin"],
            &["static"],
            &["split"],
        ],
        "routes.*.respond" => &[&["body"], &["json"]],
        _ => &[],
    }
}

/// The keys of its shape that may not stand in the row's own table: no two apps can have them in common, or they are of
/// the file as a whole.
pub(crate) fn refused_in(row: &Row) -> &'static [&'static str] {
    match row.path {
        "defaults.app" => OF_ONE_APP,
        "profile.*" => OF_THE_FILE,
        _ => &[],
    }
}

pub(super) const OF_ONE_APP: &[&str] = &["run", "dev", "path", "host", "port", "image", "copy"];
pub(super) const OF_THE_FILE: &[&str] = &["profile", "min_version"];

/// Whether a table of this path holds names and texts of the operator's own.
pub(super) fn is_text_map(path: &str) -> bool {
    rows().any(|row| row.path == path && row.kinds.iter().any(|kind| matches!(kind, TextMap | LiteralMap)))
}

/// The same, where the texts may hold addresses of apps.
pub(super) fn is_env_map(path: &str) -> bool {
    rows().any(|row| row.path == path && row.kinds.contains(&EnvMap))
}

/// The keys that may stand in the table at `parent`.
pub(super) fn keys_of(parent: &str) -> impl Iterator<Item = &'static str> {
    rows().filter(move |row| row.parent() == parent && row.status == Status::Supported).map(Row::key)
}

impl Kind {
    /// What the operator may write, for messages and the reference.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Text => "a string".to_owned(),
            Self::Int { min, max: i64::MAX } => format!("a whole number from {min}"),
            Self::Int { min, max } => format!("a whole number from {min} to {max}"),
            Self::Thousandths { min, max } => {
                let shown = |thousandths: i64| format!("{}", thousandths as f64 / 1000.0);
                format!("a number from {} to {}", shown(min), shown(max))
            }
            Self::Bool => "true or false".to_owned(),
            Self::Duration => super::duration::EXAMPLE.to_owned(),
            Self::Size => super::byte_size::EXAMPLE.to_owned(),
            Self::Word { now, .. } => {
                now.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ")
            }
            Self::TextList => "a list of strings".to_owned(),
            Self::IntList { min, max } => format!("a list of whole numbers from {min} to {max}"),
            Self::Command => "a command (a string, or a list of strings)".to_owned(),
            Self::Commands => "a command line, or a list of command lines".to_owned(),
            Self::TextMap | Self::LiteralMap | Self::EnvMap => "a table of names and values".to_owned(),
            Self::Json => "any value".to_owned(),
            Self::Table => "a table".to_owned(),
            Self::Tables => "a list of tables".to_owned(),
        }
    }
}

/// `"a" or "b" or a duration …`
pub(crate) fn describe(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.describe()).collect::<Vec<_>>().join(", or ")
}

const fn key(path: &'static str, kinds: &'static [Kind], default: &'static str, text: &'static str) -> Row {
    Row { path, kinds, default, text, since: "0.1", status: Status::Supported }
}

const fn later(path: &'static str, text: &'static str) -> Row {
    Row { path, kinds: &[], default: "", text, since: "", status: Status::NotYet }
}

use Kind::{
    Bool, Command, Commands, Duration, EnvMap, Int, IntList, Json, LiteralMap, Size, Table, Tables, Text,
    TextList, TextMap,
};

const AUTO: Kind = one_of(&["auto"]);

const PREFIX: Kind = one_of(&["strip", "keep", "auto"]);

const fn one_of(now: &'static [&'static str]) -> Kind {
    Kind::Word { now, later: &[] }
}

// A table is read by its columns; rustfmt would make nine lines of every row.
#[rustfmt::skip]
const TOP: &[Row] = &[
    key("name", &[Text], "none", "What the whole is called: a label, nothing depends on it."),
    key("min_version", &[Text], "none", "The oldest onedoor that understands this file, as in \"0.3\"; an older one says so, and nothing else."),
    key("server", &[Table], "", "The door itself: where it listens, what it allows."),
    key("apps", &[Table], "", "The apps onedoor starts, watches and serves; the key is the app's name: [a-z][a-z0-9-]*, at most 40 characters."),
    key("defaults", &[Table], "", "What holds wherever nothing else is said."),
    key("defaults.app", &[Table], "", "The keys of `apps.*` that hold for every app, less run, dev, path, host and port. Tables are merged key by key; the app's own word wins."),
    key("profile", &[Table], "", "Changes to the file for an occasion; the key is the profile's name."),
    key("profile.*", &[Table], "", "The keys of the whole file, less profile and min_version. Chosen by `--profile NAME` or ONEDOOR_PROFILE, it is laid over the rest: tables key by key, everything else as a whole."),
    key("jobs", &[Table], "", "The programs onedoor runs to their end, at the start or by a timetable; the key is the job's name. Apps and jobs share one name space."),
    key("routes", &[Table], "", "What is served where, besides the apps' own paths. The key is `[METHOD ][host]/path`; unordered; a tie is an error."),
    key("log", &[Table], "", "What onedoor and the apps write, and how."),
    key("admin", &[Table], "", "How an operator speaks to a onedoor that runs."),
    key("admin.socket", &[Text], "onedoor-HASH.sock in $XDG_RUNTIME_DIR, /run or /tmp", "The path of the control socket, from the file's folder. Only the user onedoor runs as, and root, may use it."),
];

#[rustfmt::skip]
const SERVER: &[Row] = &[
    key("server.listen", &[Text, TextList], "\"[::]:${PORT:-8000}\", or 0.0.0.0 without IPv6", "The one public port: `address:port`, `:port`, `unix:/path`, or a list of these."),
    key("server.workers", &[AUTO, Int { min: 1, max: 1024 }], "\"auto\": as many as the container has CPUs", "Threads that move bytes."),
    key("server.limits", &[Table], "", "What a client may ask of the door."),
    key("server.limits.header", &[Size], "\"32KiB\"", "Bytes of a request's head; at most 64KiB."),
    key("server.limits.fields", &[Int { min: 1, max: 1000 }], "100", "Header fields of a request."),
    key("server.limits.body", &[Size], "none", "Bytes of a request's body, where its route says nothing."),
    key("server.limits.body_rate", &[Size], "\"240B\"", "Bytes a second that a request's body brings at least, once it has been slower for timeout.body; not asked for once the answer has begun. \"0B\": any pace."),
    key("server.limits.connections", &[Int { min: 1, max: 1_000_000 }], "40 % of the open files allowed", "Connections at once."),
    key("server.limits.per_client", &[Int { min: 1, max: 1_000_000 }], "none", "Connections at once of one client: an IPv4 address, or an IPv6 /64. Trusted proxies are no clients."),
    key("server.timeout", &[Table], "", "How long to wait for others. There is no limit to a request as a whole."),
    key("server.timeout.header", &[Duration], "\"10s\"", "For a request's head, from its first byte."),
    key("server.timeout.idle", &[Duration], "\"75s\"", "For the next request on a connection."),
    key("server.timeout.body", &[Duration], "\"30s\"", "Between two pieces of a body, either way."),
    key("server.timeout.connect", &[Duration], "\"5s\"", "For a connection to an upstream."),
    key("server.timeout.first_byte", &[Duration], "\"5m\"", "For an upstream's answer to begin."),
    key("server.timeout.tunnel", &[Duration], "\"1h\"", "For the next bytes of an upgraded connection (WebSocket), either way."),
    key("server.trusted_proxies", &[AUTO, Text, TextList], "\"auto\": the platform's, elsewhere nobody", "Whose X-Forwarded-* is believed: addresses, networks, \"private\", \"loopback\", \"cloudrun\", \"fly\", \"cloudflare\", \"auto\"."),
    key("server.proxy_protocol", &[Bool], "false", "Whether every connection must begin with a PROXY protocol header (version 1 or 2). Only trusted_proxies may come in then."),
    key("server.via", &[Bool], "true", "Whether messages carry `Via`. Some servers stop compressing when they see it."),
    key("server.stop_budget", &[AUTO, Duration], "\"auto\": the platform's, elsewhere \"10s\"", "How long the whole may take to stop before it is killed from outside."),
    later("server.open", "\"now\" | \"ready\": open the port at once, or when every essential app is ready."),
    later("server.compress", "Compress answers."),
    later("server.tls", "Serve https."),
];

#[rustfmt::skip]
const APP: &[Row] = &[
    key("apps.*", &[Command, Table], "", "An app. A plain command is served: `web` at /, any other at /NAME. A table is served if it has path, host or port, or if a route names it; else it is a worker."),
    key("apps.*.run", &[Command], "required", "The command. Run without a shell unless it has shell syntax; a list is the exact argv. `$PORT`, `$HOST`, `$PREFIX` and the app's env are expanded when it starts."),
    key("apps.*.dir", &[Text], "the file's folder", "The working directory, from the file's folder."),
    key("apps.*.path", &[Text], "none; \"/\" if there is a host", "Where the app is mounted: this path and all below it, by whole segments."),
    key("apps.*.host", &[Text], "any", "The host name the app is served on; `*.example.com` covers one or more labels."),
    key("apps.*.port", &[Int { min: 1, max: 65535 }], "chosen by onedoor", "The port the app listens on, if it cannot be told by `$PORT`."),
    key("apps.*.prefix", &[PREFIX], "\"keep\"", "What becomes of the mount before the app sees the path: \"strip\" is strip = true; \"keep\" leaves it; \"auto\" does what the app's framework wants and tells it its prefix, for an app whose own code knows nothing of one."),
    key("apps.*.strip", &[Bool], "false", "Cut the mount off the path before the app sees it; it is told by X-Forwarded-Prefix."),
    key("apps.*.rewrite", &[Text], "none", "Replace the mount by this path."),
    key("apps.*.env", &[EnvMap], "{}", "Variables for this app; they beat what onedoor sets itself. `${app.NAME.url}` is where app NAME is found, whatever becomes of its processes."),
    key("apps.*.inherit_env", &[one_of(&["all"]), TextList], "\"all\"", "Which of the container's variables the app sees: all, or only those named."),
    key("apps.*.socket", &[one_of(&["auto", "activate"]), Bool], "\"auto\"", "Whether the app listens on a Unix socket: where its framework is known to take one, always, or never. \"activate\": onedoor listens and hands the socket to the app as descriptor 3 (LISTEN_FDS, as systemd does), so that what comes while it restarts waits there."),
    key("apps.*.ready", &[one_of(&["accept", "notify"]), Table], "\"accept\"", "When the app is ready: once it accepts connections, once it says READY=1 (sd_notify) to the socket that NOTIFY_SOCKET names, or a table with one of path, log and exec. A served app must accept connections in any case; a worker need not, and is ready at once unless this says otherwise."),
    key("apps.*.ready.path", &[Text], "none", "Ready once it answers GET for this path."),
    key("apps.*.ready.status", &[Int { min: 100, max: 599 }], "200 to 399", "The status that means ready."),
    key("apps.*.ready.log", &[Text], "none", "Ready once a line of its stdout or stderr matches this regex, anywhere in the line."),
    key("apps.*.ready.exec", &[Command], "none", "Ready once this command exits 0; it is run in the app's folder with the app's environment."),
    key("apps.*.ready.every", &[Duration], "\"1s\"", "How often to ask, for path and exec."),
    key("apps.*.ready.timeout", &[Duration], "\"2s\"", "How long to wait for the answer; a command is killed then."),
    key("apps.*.live", &[one_of(&["accept", "notify"]), Table], "none", "How an app that is ready is watched besides: while it accepts connections, while it says WATCHDOG=1 (sd_notify), or a table with one of path, exec and notify. One that fails is stopped and started again."),
    key("apps.*.live.path", &[Text], "none", "Well while it answers GET for this path."),
    key("apps.*.live.status", &[Int { min: 100, max: 599 }], "200 to 399", "The status that means well."),
    key("apps.*.live.exec", &[Command], "none", "Well while this command exits 0; it is run in the app's folder with the app's environment."),
    key("apps.*.live.notify", &[Duration], "30s for \"notify\"", "Well while it says WATCHDOG=1 at least so often; WATCHDOG_USEC tells it."),
    key("apps.*.live.every", &[Duration], "\"10s\"", "How often to ask, for path and exec."),
    key("apps.*.live.timeout", &[Duration], "\"2s\"", "How long to wait for the answer; a command is killed then."),
    key("apps.*.live.failures", &[Int { min: 1, max: 1000 }], "3", "How many failures in a row are too many. The first after the container was frozen is forgiven."),
    key("apps.*.start_timeout", &[Duration], "\"5m\"", "How long the app may take to become ready."),
    key("apps.*.enabled", &[Bool], "true", "Whether there is such an app at all, as for a profile; whoever needs one that is not enabled does not wait for it."),
    key("apps.*.essential", &[Bool], "true for the app at / and for the only served one", "If it is given up, the container ends with its exit code."),
    key("apps.*.restart", &[Table], "", "What happens when the app ends by itself."),
    key("apps.*.restart.when", &[one_of(&["always", "on-failure", "never"])], "\"always\"", "After which ends it is started again."),
    key("apps.*.restart.backoff", &[Text], "\"100ms..10s\"", "The first pause before a restart and the longest; it doubles in between."),
    key("apps.*.restart.give_up", &[Text], "\"10 in 5m\"", "After how many failures in how long it is left alone; or \"never\"."),
    key("apps.*.stop", &[Table], "", "How the app is stopped."),
    key("apps.*.stop.signal", &[one_of(&["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"])], "\"TERM\"", "What it is sent first."),
    key("apps.*.stop.grace", &[Duration], "the rest of the stop budget", "How long after that it is killed."),
    key("apps.*.stop.drain", &[Duration], "\"30s\"", "How long a process that is replaced may go on with the requests and WebSockets it has before it is sent its stop signal."),
    key("apps.*.dev", &[Command], "`run`", "The command of `onedoor dev`, in place of run: one that reloads itself (`npm run dev`, `uvicorn --reload`). It is run once, whatever `replicas` says."),
    key("apps.*.watch", &[Bool, Text, TextList], "true; false where `dev` is set", "Which changes start the app anew under `onedoor dev`: of its dir, of these files and folders (from the file's folder), or none. What .gitignore names does not count, nor do folders such as node_modules, target and .venv."),
    key("apps.*.success", &[IntList { min: 0, max: 255 }], "[0]", "The exit codes that are no failure, for restart.when = \"on-failure\" and for what the container ends with (then 0). 0 always is one; 128 + N stands for a death by signal N: Java ends with 143 at TERM."),
    key("apps.*.while_down", &[Table], "", "What a request meets while the app is not ready."),
    key("apps.*.while_down.do", &[Kind::Word { now: &["hold", "page", "refuse"], later: &[] }], "\"hold\"", "Hold the request; or answer 503 at once, browsers with a page that asks again; or answer 503 at once."),
    key("apps.*.while_down.for", &[Duration], "\"25s\"", "How long a request is held."),
    key("apps.*.while_down.queue", &[Int { min: 1, max: 1_000_000 }], "1000", "How many requests are held at once."),
    key("apps.*.balance", &[Kind::Word { now: &["round-robin", "least-conn", "ip-hash", "cookie"], later: &[] }], "\"round-robin\"", "How requests are spread over replicas: in turn, to the one with the fewest in flight, or a client's always to the same, by its address or by the cookie onedoor-APP."),
    key("apps.*.cap", &[AUTO, Int { min: 1, max: 1_000_000 }], "\"auto\": no limit, but the number of gunicorn's sync workers and threads where the command says it", "How many requests, WebSockets included, each process may have at once. Further ones wait, first come first served, as long and as many as while_down.for and while_down.queue say."),
    key("apps.*.replicas", &[Int { min: 1, max: 1000 }], "1", "How many processes of it run, each on a socket of its own."),
    key("apps.*.replace", &[one_of(&["overlap", "stop-first"])], "\"overlap\"; \"stop-first\" for a fixed port and for workers", "How a process is replaced: the new one is ready before the old one is asked to go, or the old one is gone before the new one starts, while the door holds what comes."),
    key("apps.*.start", &[one_of(&["eager", "lazy"])], "\"eager\"", "Whether the app is started with the door, or by its first request, which waits for it."),
    key("apps.*.stop_after_idle", &[Duration], "none", "After how long without a request the app is stopped; the next one starts it again."),
    key("apps.*.needs", &[Text, TextList], "[]", "The apps that must be ready, and the jobs (on = \"start\") that must be done, before this one is started. They are stopped after it."),
    key("apps.*.umask", &[Text], "the container's", "Which permissions the files it makes never have, in octal: \"027\" keeps its group from writing and everybody else out."),
    key("apps.*.env_file", &[Text, TextList], "none", "Files of lines NAME=value, read at each start; the later ones beat the earlier ones, and what onedoor sets itself and `env` beat them all. From the file's folder."),
    key("apps.*.secrets", &[TextMap], "{}", "Variables that only this app sees, had at each start: what is in \"file:/path\" or what \"cmd:PROGRAM ARGUMENTS\" prints, less the last line end, or \"env:NAME\" (or the file that NAME_FILE names), which no other app inherits then."),
    key("apps.*.user", &[Text, Int { min: 0, max: 4_294_967_294 }], "the one onedoor runs as", "The user the app runs as, with its groups, HOME, USER and LOGNAME: a name of /etc/passwd, or a number. Only root can start it as another."),
    key("apps.*.group", &[Text, Int { min: 0, max: 4_294_967_294 }], "the user's", "Its first group: a name of /etc/group, or a number."),
    key("apps.*.limits", &[Table], "", "What each process of the app, with all that descends from it, may use."),
    key("apps.*.limits.memory", &[Size], "none", "Memory. Held by a control group where one can be made; else it is looked at once a second, and a process that has outgrown it is replaced."),
    key("apps.*.limits.cpu", &[Kind::Thousandths { min: 10, max: 1_024_000 }], "none", "CPUs, as in 0.5 or 2. Held by a control group where one can be made; else it runs on so many CPUs, rounded up, and no others."),
    key("apps.*.limits.files", &[Int { min: 3, max: 1_073_741_816 }], "the container's", "Open files of each single process (RLIMIT_NOFILE)."),
    key("apps.*.limits.processes", &[Int { min: 1, max: 4_194_304 }], "none", "Processes and threads. Held by a control group where one can be made; else everything its user runs is counted (RLIMIT_NPROC), which does not hold root."),
    key("apps.*.build", &[Table], "", "How the app gets into the image that `onedoor dockerfile` writes. Nothing of it is read when the app runs. Apps of one folder are built together: one of them says how, or all say the same."),
    key("apps.*.build.provider", &[one_of(onedoor_draft::PROVIDERS)], "what is found", "Which language's steps are taken; \"none\": the folder as it is."),
    key("apps.*.build.version", &[Text], "what the folder's files ask for", "The language's version, as in \"3.12\"."),
    key("apps.*.build.apt", &[Text, TextList], "[]", "Debian packages of the image, beside those that its libraries are known to need."),
    key("apps.*.build.apt_build", &[Text, TextList], "[]", "Debian packages of the stage that builds it; the image does not have them."),
    key("apps.*.build.env", &[LiteralMap], "{}", "Variables of the stage that builds it, as ENV of a Dockerfile has them: everybody who has the Dockerfile reads them. `${...}` is not replaced."),
    key("apps.*.build.secrets", &[LiteralMap], "{}", "Files that the commands of that stage see and no layer has, as in { npmrc = \"~/.npmrc\" } for `docker build --secret id=npmrc,src=.npmrc`."),
    key("apps.*.build.before", &[Commands], "[]", "Commands before all others of that stage."),
    key("apps.*.build.install", &[Commands], "what the provider does", "Commands that get its packages, instead of those that are found; \"...\" in the list stands for these."),
    key("apps.*.build.build", &[Commands], "what the provider does", "Commands that build it, likewise."),
    key("apps.*.build.after", &[Commands], "[]", "Commands behind all others of that stage."),
    key("apps.*.build.start", &[Command], "`run`, or the program that is built instead of it", "The command in the image, in place of run."),
    key("apps.*.build.dockerfile", &[Text], "none", "A Dockerfile of the app's own, from the file's folder. It is built in the app's dir, and `copy` says what is taken of it."),
    key("apps.*.image", &[Text], "none", "An image that the app is taken from; `copy` says what."),
    key("apps.*.copy", &[Text, TextList], "required with image or build.dockerfile", "Files and folders that are taken of it, each to the same place: \"/opt/legacy\"."),
];

#[rustfmt::skip]
const JOB: &[Row] = &[
    key("jobs.*", &[Table], "", "A job."),
    key("jobs.*.run", &[Command], "required", "The command, as an app's."),
    key("jobs.*.on", &[Text], "required", "When it is run: \"start\", once, before whatever needs it, and if it fails the container ends with its exit code; or \"cron EXPR\", with five fields (minute, hour, day, month, weekday), six (seconds in front) or a nickname such as @daily. Runs that were missed are not made up for."),
    key("jobs.*.tz", &[Text], "the container's TZ, else \"UTC\"", "The time zone of its cron expression: a name of the IANA database, such as \"Europe/Berlin\"."),
    key("jobs.*.overlap", &[one_of(&["skip", "queue", "kill"])], "\"skip\"", "What becomes of a run that is due while the one before still runs: it is not made, or it waits (one at most), or the one before is stopped for it."),
    key("jobs.*.max", &[Duration], "none", "How long a run may take; then it is stopped, and has failed."),
    key("jobs.*.enabled", &[Bool], "true", "Whether there is such a job at all; whoever needs one that is not enabled does not wait for it."),
    key("jobs.*.needs", &[Text, TextList], "[]", "The apps that must be ready, and the jobs that must be done, before its first run."),
    key("jobs.*.dir", &[Text], "the file's folder", "The working directory, from the file's folder."),
    key("jobs.*.env", &[EnvMap], "{}", "Variables for this job, as an app's."),
    key("jobs.*.inherit_env", &[one_of(&["all"]), TextList], "\"all\"", "Which of the container's variables the job sees: all, or only those named."),
    key("jobs.*.umask", &[Text], "the container's", "Which permissions the files it makes never have, in octal."),
    key("jobs.*.success", &[IntList { min: 0, max: 255 }], "[0]", "The exit codes that mean it is done. 0 always does; 128 + N stands for a death by signal N."),
    key("jobs.*.env_file", &[Text, TextList], "none", "Files of lines NAME=value, as an app's."),
    key("jobs.*.secrets", &[TextMap], "{}", "Variables that only this job sees, as an app's."),
    key("jobs.*.user", &[Text, Int { min: 0, max: 4_294_967_294 }], "the one onedoor runs as", "The user the job runs as, as an app's."),
    key("jobs.*.group", &[Text, Int { min: 0, max: 4_294_967_294 }], "the user's", "Its first group, as an app's."),
    key("jobs.*.limits", &[Table], "", "What a run, with all that descends from it, may use."),
    key("jobs.*.limits.memory", &[Size], "none", "Memory, as an app's; a run that has outgrown it is ended."),
    key("jobs.*.limits.cpu", &[Kind::Thousandths { min: 10, max: 1_024_000 }], "none", "CPUs, as an app's."),
    key("jobs.*.limits.files", &[Int { min: 3, max: 1_073_741_816 }], "the container's", "Open files of each single process."),
    key("jobs.*.limits.processes", &[Int { min: 1, max: 4_194_304 }], "none", "Processes and threads, as an app's."),
    key("jobs.*.stop", &[Table], "", "How a run is stopped."),
    key("jobs.*.stop.signal", &[one_of(&["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"])], "\"TERM\"", "What it is sent first."),
    key("jobs.*.stop.grace", &[Duration], "the rest of the stop budget", "How long after that it is killed."),
];

#[rustfmt::skip]
const ROUTE: &[Row] = &[
    key("routes.*", &[Table, Tables], "", "A route: exactly one of app, proxy, respond, redirect, builtin, static. A list, or `[[routes.KEY]]`, is several routes of one key, told apart by `when`; its order means nothing."),
    key("routes.*.app", &[Text], "", "The app that answers."),
    key("routes.*.proxy", &[Text], "", "The server that answers: http://, https:// or unix:/path. Its name is looked up when needed, not at start."),
    key("routes.*.respond", &[Text, Table], "", "The answer itself: a text, or a table of status, body, json, type, headers."),
    key("routes.*.respond.status", &[Int { min: 200, max: 599 }], "200", "The answer's status."),
    key("routes.*.respond.body", &[Text], "empty", "The answer's text."),
    key("routes.*.respond.json", &[Json], "none", "The answer as JSON, instead of body."),
    key("routes.*.respond.type", &[Text], "\"text/plain; charset=utf-8\", or \"application/json\"", "The answer's Content-Type."),
    key("routes.*.respond.headers", &[TextMap], "{}", "More of the answer's fields."),
    key("routes.*.redirect", &[Text], "", "Where the client is sent: a path or a URL. Below a `/*` the rest of the path and the query are kept."),
    key("routes.*.builtin", &[Kind::Word { now: &["health", "ready", "metrics"], later: &["status"] }], "", "`health`: 200 from the first millisecond until the drain; `ready`: 200 while every essential app is ready; `metrics`: counters for Prometheus, for everybody who can reach the route."),
    key("routes.*.static", &[Text], "", "The folder whose files are served, from the file's folder: what is behind the mount is looked for in it. GET and HEAD; hidden files (`.env`) and links that lead out of the folder are not served, and no folder is listed. For one exact path: the file."),
    key("routes.*.index", &[Text], "\"index.html\"", "Beside static: the file that answers for its folder."),
    key("routes.*.spa", &[Bool], "false", "Beside static: a path that names no file is answered with the index, for an application that makes its pages in the browser. The path of an asset (`/app.js`) still gets 404."),
    key("routes.*.not_found", &[Text], "a sentence", "Beside static: the file, in the folder, that is sent with 404."),
    key("routes.*.cache", &[Text], "\"no-cache\": kept, and asked for again", "Beside static: how long browsers may use a file without asking again, as in \"1h\"; \"1y immutable\" for files that have a new name when they change; or a Cache-Control of your own. What `spa` and not_found send is always \"no-cache\"."),
    key("routes.*.precompressed", &[Bool], "false", "Beside static: whether `app.js.br`, `.zst` or `.gz` is sent for `app.js` to clients that take it."),
    key("routes.*.status", &[Int { min: 200, max: 599 }], "200; 307 for a redirect", "The status of respond or redirect."),
    key("routes.*.body", &[Text], "empty", "The text of the answer, as in respond."),
    key("routes.*.json", &[Json], "none", "The answer as JSON, as in respond."),
    key("routes.*.type", &[Text], "as in respond", "The answer's Content-Type, as in respond."),
    key("routes.*.headers", &[TextMap], "{}", "More of the answer's fields, as in respond."),
    key("routes.*.prefix", &[PREFIX], "\"keep\"", "What becomes of the matched mount, as an app's; \"auto\" only beside app."),
    key("routes.*.strip", &[Bool, Text], "false", "Cut the matched mount (or this prefix) off the path."),
    key("routes.*.rewrite", &[Text], "none", "Replace the matched mount by this path; on an exact or `{}` route: the whole path."),
    key("routes.*.host", &[one_of(&["keep", "upstream"])], "\"upstream\" for URLs, \"keep\" for apps and unix:", "Which Host the upstream sees."),
    key("routes.*.tls", &[Table], "", "How an https upstream is verified."),
    key("routes.*.tls.ca", &[Text], "the system's", "A PEM file of the only authorities that are believed."),
    key("routes.*.encoded_slash", &[one_of(&["keep", "reject"])], "\"keep\"", "What becomes of `%2F` in a path."),
    key("routes.*.limits", &[Table], "", "What a client may ask of this route."),
    key("routes.*.limits.body", &[Size], "server.limits.body", "Bytes of a request's body."),
    key("routes.*.when", &[Table], "", "What else a request must say for the route to take part: all of these. Without it, the next best route is asked."),
    key("routes.*.when.header", &[TextMap], "{}", "Headers and their values: `{ X-Canary = \"1\" }`. A text is met by just that value, `\"~re\"` by a value that the regex matches as a whole, `\"~.*\"` by any. Of several lines the value is all, joined by `, `."),
    key("routes.*.when.query", &[TextMap], "{}", "Parameters of the query and their decoded values; of several with one name, the first counts."),
    key("routes.*.when.cookie", &[TextMap], "{}", "Cookies and their values; of several with one name, the first counts."),
    key("routes.*.when.ip", &[Text, TextList], "any", "Addresses and networks, one of which the verified client's address is in: `[\"10.0.0.0/8\"]`."),
    key("routes.*.priority", &[Int { min: -1000, max: 1000 }], "0", "Breaks a tie; the higher wins."),
    key("routes.*.while_down", &[Table], "the app's", "What a request meets while the app is not ready."),
    key("routes.*.while_down.do", &[Kind::Word { now: &["hold", "page", "refuse"], later: &[] }], "\"hold\"", "Hold the request; or answer 503 at once, browsers with a page that asks again; or answer 503 at once."),
    key("routes.*.while_down.for", &[Duration], "\"25s\"", "How long a request is held."),
    key("routes.*.while_down.queue", &[Int { min: 1, max: 1_000_000 }], "1000", "How many requests are held at once."),
    later("routes.*.split", "Several apps by weight."),
    later("routes.*.auth", "Who may come in."),
    later("routes.*.allow", "From where one may come in."),
    later("routes.*.request", "Change the request's fields."),
    later("routes.*.response", "Change the answer's fields."),
    later("routes.*.retry", "Repeat failed requests."),
    later("routes.*.timeout", "A limit to the request as a whole."),
];

#[rustfmt::skip]
const LOG: &[Row] = &[
    key("log.format", &[one_of(&["auto", "human", "json"])], "\"auto\": for people on a terminal, else JSON lines", "How lines are written."),
    key("log.access", &[one_of(&["on", "off"]), Table], "\"on\"", "One line per request."),
    later("log.access.redact", "Fields whose values are not logged."),
    later("log.access.sample", "The share of requests that is logged."),
    key("log.apps", &[one_of(&["prefix", "json", "raw"])], "as log.format: \"prefix\" for people, else \"json\"", "What becomes of the apps' own lines. `prefix`: the app's name in front, coloured on a terminal. `json`: an object per line with app, pid and stream; a line that is an object already keeps its bytes and gets the keys it lacks. `raw`: to the byte as they were printed."),
];

#[rustfmt::skip]
const LATER: &[Row] = &[
    later("volumes", "Folders that survive."),
    later("errors", "Own error pages."),
    later("admin.ui", "The dashboard."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_there_once_and_its_parent_is_a_table() {
        for row in rows() {
            assert_eq!(rows().filter(|other| other.path == row.path).count(), 1, "{}", row.path);
            if !row.parent().is_empty() {
                let parent = rows()
                    .find(|other| other.path == row.parent())
                    .unwrap_or_else(|| panic!("{} has no parent", row.path));
                assert!(parent.kinds.contains(&Table), "{}", row.path);
            }
            assert!(!row.text.is_empty() && row.text.is_ascii(), "{}", row.path);
        }
    }
}
