//! The short names of all that can be said about a file. Stable: people search for them, and `onedoor explain` knows them.

use super::suggest;

/// Whether the file works all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    Error,
    /// A trap: legal, and hardly ever meant.
    Warning,
}

/// What `onedoor explain CODE` says, and docs/diagnostics.md.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Explained {
    /// What it means, and why it is refused.
    pub(crate) means: &'static str,
    /// A file that has it; empty if none can show it, because it is about what is around the file.
    pub(crate) wrong: &'static str,
    /// The same as it was meant.
    pub(crate) right: &'static str,
}

macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident: $means:literal, $wrong:literal => $right:literal;)*) => {
        /// What is wrong, in one word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code {
            $($variant,)*
        }

        impl Code {
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            pub(crate) fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)*
                }
            }

            pub(crate) fn explained(self) -> Explained {
                match self {
                    $(Self::$variant => Explained { means: $means, wrong: $wrong, right: $right },)*
                }
            }
        }
    };
}

codes! {
    Syntax "syntax" Error:
        "The text is no TOML, or no JSON: a quote, a comma, a bracket or a word is not as the notation has it. Nothing behind it can be trusted, so nothing is started.",
        "[apps]\nweb = node server.js" => "[apps]\nweb = \"node server.js\"";
    DuplicateKey "duplicate-key" Error:
        "One key stands twice. Which of the two is meant cannot be known; an overwritten line would be silently without effect.",
        "[apps]\nweb = \"a\"\nweb = \"b\"" => "[apps]\nweb = \"a\"\napi = \"b\"";
    UnknownKey "unknown-key" Error:
        "This version has no such key in that table. A misspelt key would be silently without effect; keys that start with x- are yours.",
        "[apps.web]\nrun = \"a\"\nenviroment = { A = \"1\" }" => "[apps.web]\nrun = \"a\"\nenv = { A = \"1\" }";
    NotYet "not-yet" Error:
        "The key belongs to the language, but this version cannot do it yet. It is refused rather than passed over.",
        "[apps]\nweb = \"a\"\n[volumes]\ndata = \"x\"" => "[apps]\nweb = \"a\"";
    WrongType "wrong-type" Error:
        "The value is of another kind than the key takes: text instead of a number, one thing instead of a list.",
        "[apps.web]\nrun = \"a\"\nport = \"9300\"" => "[apps.web]\nrun = \"a\"\npath = \"/\"\nport = 9300";
    BadValue "bad-value" Error:
        "The value is of the right kind, and is still none that the key takes: an unknown word, a number out of its range, a duration without its unit.",
        "[server]\ntimeout = { idle = \"75 seconds\" }\n[apps]\nweb = \"a\"" => "[server]\ntimeout = { idle = \"75s\" }\n[apps]\nweb = \"a\"";
    MissingKey "missing-key" Error:
        "A table lacks what it cannot be without, as an app its command.",
        "[apps.web]\npath = \"/\"" => "[apps.web]\nrun = \"node server.js\"\npath = \"/\"";
    EmptyFile "empty-file" Error:
        "There is neither an app nor a route nor a job: nothing would be served.",
        "# nothing" => "[apps]\nweb = \"node server.js\"";
    NoFile "no-file" Error:
        "A file that was named is not there or cannot be read, or no file was named and there is none.",
        "" => "";
    EnvUnset "env-unset" Error:
        "A value names a variable of the container that is not set. An empty text in its place would be a worse surprise later.",
        "[apps.web]\nrun = \"a\"\nenv = { DB = \"${DB_URL}\" }" => "[apps.web]\nrun = \"a\"\nenv = { DB = \"${DB_URL:-sqlite:x.db}\" }";
    EnvSyntax "env-syntax" Error:
        "A `${` is not closed, what it names is no name, or it asks for the address of an app where that is not known. A plain dollar sign is written $$.",
        "[apps.web]\nrun = \"a\"\nenv = { A = \"${B\" }" => "[apps.web]\nrun = \"a\"\nenv = { A = \"$${B\" }";
    AppName "app-name" Error:
        "The name of an app is part of addresses, of variables and of the log, so it is made of small letters, digits and dashes.",
        "[apps]\nMy_App = \"a\"" => "[apps]\nmy-app = \"a\"";
    TooMany "too-many" Error:
        "There are more apps, jobs or conditions than can be counted here.",
        "" => "";
    UnknownApp "unknown-app" Error:
        "A route, `needs` or a `${app.NAME.url}` names an app that the file does not have.",
        "[apps]\nnode = \"a\"\n[routes]\n\"/x\" = { app = \"nod\" }" => "[apps]\nnode = \"a\"\n[routes]\n\"/x\" = { app = \"node\" }";
    BadCommand "bad-command" Error:
        "The command cannot be taken apart into words: it is empty, or a quote is not closed. A secret's command has, besides, nothing that only a shell would read.",
        "[apps]\nweb = \"node 'x\"" => "[apps]\nweb = \"node 'x y'\"";
    CommandNotFound "command-not-found" Error:
        "The program is not in PATH, nor at the path that is written. It would fail at every start.",
        "" => "";
    DirMissing "dir-missing" Error:
        "The folder that an app is to run in is not there.",
        "" => "";
    FileMissing "file-missing" Error:
        "A file that the configuration names, as a secret, a certificate or an env_file, is not there or cannot be read.",
        "" => "";
    SecretSource "secret-source" Error:
        "A secret says where it is kept, and not what it is: in a file, in a variable of the container, or with a command that prints it. What was written instead is not shown, for it may be the secret.",
        "[apps.web]\nrun = \"a\"\nsecrets = { TOKEN = \"correct horse battery staple\" }" => "[apps.web]\nrun = \"a\"\nsecrets = { TOKEN = \"cmd:pass show token\" }";
    PortTaken "port-taken" Error:
        "Two apps are given the same port; the second could not listen.",
        "[apps]\na = { run = \"a\", path = \"/a\", port = 9300 }\nb = { run = \"b\", path = \"/b\", port = 9300 }" => "[apps]\na = { run = \"a\", path = \"/a\", port = 9300 }\nb = { run = \"b\", path = \"/b\", port = 9301 }";
    PortPublic "port-public" Error:
        "An app is given the port that the door itself listens on.",
        "[apps]\na = { run = \"a\", path = \"/\", port = 8000 }" => "[apps]\na = { run = \"a\", path = \"/\" }";
    BadListen "bad-listen" Error:
        "What is to be listened on is no address, port or socket, or clashes with another.",
        "[server]\nlisten = \"example.com:80\"\n[apps]\nweb = \"a\"" => "[server]\nlisten = \":80\"\n[apps]\nweb = \"a\"";
    BadNetwork "bad-network" Error:
        "What is trusted is neither an address nor a network; or nobody is trusted where somebody must be.",
        "[server]\ntrusted_proxies = [\"10.0.0.0/33\"]\n[apps]\nweb = \"a\"" => "[server]\ntrusted_proxies = [\"10.0.0.0/8\"]\n[apps]\nweb = \"a\"";
    BadUrl "bad-url" Error:
        "The server that a route leads to is no address: it begins with http://, https:// or unix:, and has no query.",
        "[routes]\n\"/a\" = { proxy = \"google.com\" }" => "[routes]\n\"/a\" = { proxy = \"https://google.com\" }";
    BadHeader "bad-header" Error:
        "A header has a name or a value that HTTP does not allow, or one that onedoor sets itself.",
        "[routes]\n\"/a\" = { respond = { body = \"x\", headers = { \"X Y\" = \"1\" } } }" => "[routes]\n\"/a\" = { respond = { body = \"x\", headers = { \"X-Y\" = \"1\" } } }";
    Contradiction "contradiction" Error:
        "Two keys exclude each other, or a key says something about what is not there.",
        "[apps]\na = { run = \"a\", path = \"/\", port = 9300, socket = true }" => "[apps]\na = { run = \"a\", path = \"/\", socket = true }";
    NoTarget "no-target" Error:
        "A route does not say who answers.",
        "[routes]\n\"/x\" = {}" => "[routes]\n\"/x\" = { respond = \"hello\" }";
    TwoTargets "two-targets" Error:
        "A route names two that would answer.",
        "[apps]\nweb = \"a\"\n[routes]\n\"/x/*\" = { app = \"web\", proxy = \"https://h.example\" }" => "[apps]\nweb = \"a\"\n[routes]\n\"/x/*\" = { proxy = \"https://h.example\" }";
    RouteKey "route-key" Error:
        "The pattern of a route or of an app is none: it has no slash where its path begins, an unknown method, dots that lead upwards.",
        "[routes]\n\"health\" = { builtin = \"health\" }" => "[routes]\n\"/health\" = { builtin = \"health\" }";
    RouteGlob "route-glob" Error:
        "A star stands for whole segments: at the end behind a slash, or as the first label of a host.",
        "[routes]\n\"/node*\" = { respond = \"x\" }" => "[routes]\n\"/node/*\" = { respond = \"x\" }";
    RouteDuplicate "route-duplicate" Error:
        "Two of the file's routes are the same, if only by other names: no request could tell them apart.",
        "[apps]\nnode = { run = \"a\", path = \"/node\" }\n[routes]\n\"/node/*\" = { respond = \"x\" }" => "[apps]\nnode = { run = \"a\", path = \"/node\" }\n[routes]\n\"/node/x\" = { respond = \"x\" }";
    RouteTie "route-tie" Error:
        "Two routes take the same requests and neither is more exact. The order of the file never decides, so somebody must.",
        "[routes]\n\"/{a:[0-9]+}\" = { respond = \"a\" }\n\"/{b:[0-5]+}\" = { respond = \"b\" }" => "[routes]\n\"/{a:[0-9]+}\" = { respond = \"a\" }\n\"/{b:[0-5]+}\" = { respond = \"b\", priority = 1 }";
    RouteRewrite "route-rewrite" Error:
        "What the path is to become is no path, or names a part that the pattern does not have.",
        "[routes]\n\"/users/{id}\" = { proxy = \"http://h\", rewrite = \"/v2/{name}\" }" => "[routes]\n\"/users/{id}\" = { proxy = \"http://h\", rewrite = \"/v2/{id}\" }";
    RouteWhen "route-when" Error:
        "A condition asks for what no request has, or twice for one thing.",
        "[routes]\n\"/a\" = { respond = \"x\", when = { header = { \"X Y\" = \"1\" } } }" => "[routes]\n\"/a\" = { respond = \"x\", when = { header = { \"X-Y\" = \"1\" } } }";
    RouteShadowed "route-shadowed" Error:
        "Every request that the route takes is taken by another one that ranks higher: it is never asked.",
        "" => "";
    UnknownProfile "unknown-profile" Error:
        "The profile that --profile or ONEDOOR_PROFILE names is nowhere in the files.",
        "" => "";
    TooOld "too-old" Error:
        "The file says min_version, and this onedoor is older.",
        "min_version = \"99.0\"\n[apps]\nweb = \"a\"" => "min_version = \"0.1\"\n[apps]\nweb = \"a\"";
    Unreachable "unreachable" Warning:
        "An app has a port and no route: nobody gets there through the door. Legal, and hardly ever meant.",
        "[apps]\nw = { run = \"a\", port = 9300 }" => "[apps]\nw = { run = \"a\", port = 9300, path = \"/w\" }";
    FilesMissing "files-missing" Warning:
        "A route serves files, and the folder, or a file that answers for others, is not there. It may be built later, so the door starts all the same, and answers 404 until then.",
        "" => "";
    ServesSource "serves-source" Warning:
        "The folder that a route serves is the one that the configuration is in, or one above: sources, scripts and notes are served as well, all but hidden files.",
        "[routes]\n\"/*\" = { static = \".\" }" => "[routes]\n\"/*\" = { static = \"public\" }";
    RedirectLoop "redirect-loop" Warning:
        "A redirect leads to what the route itself takes: the client would go round for ever.",
        "[routes]\n\"/a/*\" = { redirect = \"/a\" }" => "[routes]\n\"/old/*\" = { redirect = \"/new\" }";
    ForeignCapture "foreign-capture" Warning:
        "Other routers write a part of a path so; here it matches only itself.",
        "[routes]\n\"/users/:id\" = { respond = \"x\" }" => "[routes]\n\"/users/{id}\" = { respond = \"x\" }";
    BareHost "bare-host" Warning:
        "What stands in front of the first slash is a host, and one without a dot is hardly ever meant: a path begins with a slash.",
        "[routes]\n\"api/*\" = { respond = \"x\" }" => "[routes]\n\"/api/*\" = { respond = \"x\" }";
    Background "background" Warning:
        "The command puts itself into the background: its process ends at once and would seem to have failed.",
        "[apps]\nweb = \"gunicorn a --daemon\"" => "[apps]\nweb = \"gunicorn a\"";
    DevelopmentServer "development-server" Warning:
        "The command is one for development: it compiles while somebody waits, watches files that do not change, or shows its inside to whoever meets an error. `dev` is the command of `onedoor dev`.",
        "[apps.web]\nrun = \"next dev\"\npath = \"/\"" => "[apps.web]\nrun = \"next start\"\ndev = \"next dev\"\npath = \"/\"";
    FixedPort "fixed-port" Warning:
        "The command or a variable says on which port the app listens, and the door says another: each process is given a private one as $PORT. With a fixed one no second process can stand beside the first, and none takes over without a gap. An app that cannot be told its port is named to the door by `port`.",
        "[apps.web]\nrun = \"uvicorn main:app --port 3000\"\npath = \"/\"" => "[apps.web]\nrun = \"uvicorn main:app --port $PORT\"\npath = \"/\"";
    AroundTheDoor "around-the-door" Warning:
        "The app listens on every address of the container, and so can be reached without the door: without its rules, its log and its limits. Only the door need reach it, and the door is on the loopback.",
        "[apps.web]\nrun = \"uvicorn main:app --host 0.0.0.0\"\npath = \"/\"" => "[apps.web]\nrun = \"uvicorn main:app\"\npath = \"/\"";
    PrefixStripped "prefix-stripped" Warning:
        "The framework wants to see its prefix, and the file takes it off.",
        "[apps.a]\nrun = \"node .next/standalone/server.js\"\npath = \"/a\"\nstrip = true" => "[apps.a]\nrun = \"node .next/standalone/server.js\"\npath = \"/a\"";
    TrustsEverybody "trusts-everybody" Warning:
        "All addresses are trusted to say who the client is: anyone can claim to be anyone.",
        "[server]\ntrusted_proxies = [\"0.0.0.0/0\"]\n[apps]\nweb = \"a\"" => "[server]\ntrusted_proxies = [\"private\"]\n[apps]\nweb = \"a\"";
    HostBits "host-bits" Warning:
        "A network is written with an address of one of its hosts: what is behind the length of the network counts for nothing. Was the one address meant, or the network?",
        "[server]\ntrusted_proxies = [\"10.0.0.1/8\"]\n[apps]\nweb = \"a\"" => "[server]\ntrusted_proxies = [\"10.0.0.0/8\"]\n[apps]\nweb = \"a\"";
    OpenFiles "open-files" Warning:
        "More connections are allowed than the container may have files open: the limit is met before.",
        "" => "";
    GraceTooLong "grace-too-long" Warning:
        "An app is given longer to end than all of it together has: it will be cut short.",
        "[server]\nstop_budget = \"5s\"\n[apps]\nweb = { run = \"a\", stop = { grace = \"1m\" } }" => "[server]\nstop_budget = \"5s\"\n[apps]\nweb = { run = \"a\", stop = { grace = \"3s\" } }";
    TimeZone "time-zone" Warning:
        "The container's TZ is no time zone; a timetable is read as UTC.",
        "" => "";
    EmptyWhen "empty-when" Warning:
        "A `when` without a condition is met by every request.",
        "[routes]\n\"/a\" = { respond = \"x\", when = {} }" => "[routes]\n\"/a\" = { respond = \"x\" }";
    AllowsNothing "allows-nothing" Warning:
        "A comment `# onedoor: allow(CODE)`, which accepts a warning on its line or on the line below, names none: the warning would go on.",
        "[apps]\nweb = \"a\"  # onedoor: allow(fixed-prot)" => "[apps]\nweb = \"next start -p 3000\"  # onedoor: allow(fixed-port)";
    SecretInClear "secret-in-clear" Warning:
        "A secret stands in the file, so that whoever reads the file, or the history of its repository, has it; in a command `ps` shows it to everybody. `secrets` says where it is kept instead, and keeps it from the other apps.",
        "[apps.a]\nrun = \"x\"\npath = \"/\"\nenv = { API_TOKEN = \"hunter2\" }" => "[apps.a]\nrun = \"x\"\npath = \"/\"\nsecrets = { API_TOKEN = \"env:API_TOKEN\" }";
    PlatformDeadline "platform-deadline" Warning:
        "A time is longer than the platform waits, which the container's variables name: it kills the container, or answers in its place, before the time is over.",
        "" => "";
    ListensInside "listens-inside" Warning:
        "The door listens where the platform, which the container's variables name, does not ask: on the loopback of the container, or on another port than PORT says.",
        "" => "";
    SessionsApart "sessions-apart" Warning:
        "The framework keeps a browser's session in the memory of one process, and its next request may come to another. `balance` brings it back to the same.",
        "[apps.a]\nrun = \"streamlit run app.py\"\npath = \"/\"\nreplicas = 2" => "[apps.a]\nrun = \"streamlit run app.py\"\npath = \"/\"\nreplicas = 2\nbalance = \"cookie\"";
    NobodyCounts "nobody-counts" Warning:
        "Every app is said to be one that the container can do without: whichever gives up, the container goes on, and its platform takes it for well.",
        "[apps.a]\nrun = \"x\"\npath = \"/\"\nessential = false" => "[apps.a]\nrun = \"x\"\npath = \"/\"";
    HiddenBuiltin "hidden-builtin" Warning:
        "A route that ranks higher, by its method or its host, answers where an answer of the door's own was meant to be: who asks how the door is, hears an app.",
        "[apps]\nweb = \"a\"\n[routes]\n\"/health\" = { builtin = \"health\" }\n\"GET /health\" = { app = \"web\" }" => "[apps]\nweb = \"a\"\n[routes]\n\"/health\" = { builtin = \"health\" }";
    EncodedSlash "encoded-slash" Warning:
        "%2F in a path is never a separator here: the pattern matches only a request that has it encoded, and none that has a slash.",
        "[routes]\n\"/a%2Fb\" = { respond = \"x\" }" => "[routes]\n\"/a/b\" = { respond = \"x\" }";
    PrefixKept "prefix-kept" Warning:
        "The framework answers at / alone, and the app is at a prefix that is not cut off: it would find none of its pages.",
        "[apps.a]\nrun = \"ollama serve\"\npath = \"/a\"" => "[apps.a]\nrun = \"ollama serve\"\npath = \"/a\"\nstrip = true";
    PrefixUntold "prefix-untold" Warning:
        "The framework makes its own routes and links, wants to be told what stands before them, and is not: its pages would be asked for at /.",
        "[apps.a]\nrun = \"jupyter lab\"\npath = \"/a\"" => "[apps.a]\nrun = \"jupyter lab --ServerApp.base_url=$PREFIX/\"\npath = \"/a\"";
    PrefixUnknown "prefix-unknown" Warning:
        "`prefix = \"auto\"` asks the framework, and nothing is known of this command.",
        "[apps.a]\nrun = \"./thing\"\npath = \"/a\"\nprefix = \"auto\"" => "[apps.a]\nrun = \"./thing\"\npath = \"/a\"\nprefix = \"strip\"";
}

impl Code {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// The one that was probably meant.
    pub(crate) fn nearest(name: &str) -> Option<Self> {
        suggest::nearest(name, Self::ALL.iter().map(|code| code.as_str())).and_then(Self::named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Env, check_text};

    fn codes_of(text: &str) -> Vec<Code> {
        match check_text(text, &Env::made_of([])) {
            Ok(loaded) => loaded.warnings.found.iter().map(|warning| warning.code).collect(),
            Err(errors) => errors.errors.iter().map(|error| error.code).collect(),
        }
    }

    #[test]
    fn every_wrong_example_has_its_code_alone_and_every_right_one_none() {
        let mut false_ones = Vec::new();
        for code in Code::ALL {
            let Explained { means, wrong, right } = code.explained();
            assert!(means.ends_with(['.', '?']), "{code:?}");
            assert_eq!(wrong.is_empty(), right.is_empty(), "{code:?}");
            if wrong.is_empty() {
                continue;
            }
            let is_shown = codes_of(wrong) == [*code] && codes_of(right).is_empty();
            false_ones.extend((!is_shown).then(|| (code, codes_of(wrong), codes_of(right))));
        }
        assert!(false_ones.is_empty(), "{false_ones:#?}");
    }

    #[test]
    fn every_name_is_there_once_and_leads_back_to_its_code() {
        for code in Code::ALL {
            assert_eq!(Code::named(code.as_str()), Some(*code));
        }
    }
}
