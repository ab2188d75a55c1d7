//! Opening the site in the developer's browser: by whatever the desktop has for it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use onedoor_linux::spawn::{SpawnSpec, resolve_program};

/// What opens a URL, in the order in which it is looked for: the desktop's, and Windows' from within WSL.
const OPENERS: [&str; 3] = ["xdg-open", "wslview", "open"];

/// The command that opens `url`; None: there is none here.
pub(super) fn opener(url: &str, env: &[(OsString, OsString)]) -> Option<SpawnSpec> {
    let value = |name: &str| env.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_os_str());
    let path = value("PATH").unwrap_or_else(|| OsStr::new("/usr/local/bin:/usr/bin:/bin"));
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    // BROWSER may list several, and hold arguments (`%s` for the URL).
    let own = value("BROWSER").and_then(OsStr::to_str).unwrap_or_default();
    let own = own.split(':').filter(|command| !command.is_empty()).map(str::to_owned);
    own.chain(OPENERS.map(str::to_owned)).find_map(|command| spec(&command, url, path, &here, env))
}

fn spec(
    command: &str,
    url: &str,
    path: &OsStr,
    here: &Path,
    env: &[(OsString, OsString)],
) -> Option<SpawnSpec> {
    let mut words: Vec<String> = shlex::split(command)?;
    let names_url = words.iter().any(|word| word.contains("%s"));
    if names_url {
        words.iter_mut().for_each(|word| *word = word.replace("%s", url));
    } else {
        words.push(url.to_owned());
    }
    let program = resolve_program(OsStr::new(words.first()?), path, here).ok()?;
    let mut spec = SpawnSpec::new(program, here);
    spec.argv = words.into_iter().map(OsString::from).collect();
    spec.env = env.to_vec();
    Some(spec)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(browser: &str) -> Option<Vec<OsString>> {
        let env = [("PATH".into(), "/nowhere".into()), ("BROWSER".into(), browser.into())];
        opener("http://localhost:3000", &env).map(|spec| spec.argv)
    }

    #[test]
    fn the_developers_own_browser_comes_first_and_may_say_where_the_url_goes() {
        assert_eq!(command("/bin/sh"), Some(vec!["/bin/sh".into(), "http://localhost:3000".into()]));
        let with_place = command("/no/such:/bin/sh -c %s");
        assert_eq!(with_place, Some(vec!["/bin/sh".into(), "-c".into(), "http://localhost:3000".into()]));
        assert_eq!(command("/no/such"), None);
    }
}
