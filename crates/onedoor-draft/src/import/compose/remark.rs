//! What is said of a service's keys that need no translation, or have none.

use crate::import::finding::Verdict;

pub(super) const OF_CONTAINERS: &str = "it is said of a container: say it where the one container is run";

/// By the key's name alone.
pub(super) fn remark(key: &str) -> Verdict {
    let missing = |text: &str| Verdict::Missing(text.to_owned());
    let unneeded = |text: &str| Verdict::Unneeded(text.to_owned());
    match key {
        "image" => unneeded("the program has to be in the one image; what it is started with is run"),
        "container_name" | "hostname" | "networks" | "links" | "expose" | "network_mode" | "extra_hosts"
        | "dns" => unneeded("apps of one container reach each other on 127.0.0.1"),
        "volumes" | "tmpfs" | "volumes_from" => {
            missing("whoever runs the container mounts it, at the same place")
        }
        "secrets" | "configs" => missing(
            "whoever runs the container mounts it; an app reads one by secrets = { NAME = \"file:/run/secrets/…\" }",
        ),
        "init" | "tty" | "stdin_open" | "attach" => {
            unneeded("onedoor is init itself, and logs what apps print")
        }
        "logging" => unneeded("what apps print goes to onedoor's stdout"),
        "working_dir" => missing("write it as dir, if the program lies there in the one image"),
        "profiles" => missing("it was started for a profile only; onedoor starts whatever the file has"),
        "extends" => missing("convert what `docker compose config` prints, which has it put in"),
        "develop" => missing("`onedoor dev` watches files by itself"),
        "ulimits" => missing("write limits = { files = … } in the app"),
        "pull_policy" | "platform" => unneeded("there is one image"),
        _ if key.starts_with("x-") => unneeded("nothing but its author reads it"),
        _ => missing(OF_CONTAINERS),
    }
}
